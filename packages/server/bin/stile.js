#!/usr/bin/env node
// Older versions of Node can read this file, too: one that is too old for the rest is told so before any of it is loaded.
import { readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const needed = engines.node.replace('>=', '')

function isOlder(version, than) {
  const [major, minor] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = than.split('.').map(Number)
  return major < leastMajor || (major === leastMajor && minor < leastMinor)
}

if (isOlder(process.versions.node, needed)) {
  console.error(
    `stile needs Node ${needed} or newer, and this is Node ${process.versions.node}. Install a newer one, such as from https://nodejs.org, and run it again.`,
  )
  process.exitCode = 1
} else {
  // nobody who runs a command can do anything about what Node itself calls experimental
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') console.error(`${warning.name}: ${warning.message}`)
  })
  // what was built; with --conditions=@stile/source the source itself, so that a checkout needs no build
  import('#main')
}
