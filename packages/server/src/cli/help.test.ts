import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const STILE = fileURLToPath(new URL('../../bin/stile.js', import.meta.url))

/** Prints the URL of every module before it is loaded. */
const LISTING = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  import { writeSync } from 'node:fs'
  registerHooks({ load: (url, context, next) => (writeSync(1, '\\nloads ' + url + '\\n'), next(url, context)) })
`)}`

/** The packages whose modules a command loads. */
function packagesLoadedBy(...args: readonly string[]): readonly string[] {
  const out = execFileSync(process.execPath, ['--conditions=@stile/source', '--import', LISTING, STILE, ...args], { encoding: 'utf8' })
  const loaded = out.split('\n').filter((line) => line.startsWith('loads '))
  const packages = loaded.flatMap((url) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [])
  return [...new Set(packages)]
}

describe('what a command loads', () => {
  test.each(['--help', 'help keys', 'keys create --help', 'secret rotate --help', 'subjects --help', 'secret'])(
    'nothing but the parser of the command line for stile %s',
    (command) => {
      expect(packagesLoadedBy(...command.split(' '))).toEqual(['commander'])
    },
  )
})
