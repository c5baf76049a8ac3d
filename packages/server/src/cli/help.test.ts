import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createProgram } from './program.ts'
import { runCommand } from './run.test-support.ts'

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

/** Every command that does something, by its full name. */
function commandsOf(parent: Command, names: readonly string[] = []): readonly string[][] {
  return parent.commands.flatMap((each) => {
    const path = [...names, each.name()]
    const below = commandsOf(each, path)
    // `stile secret` does something itself and has a command below it
    return below.length === 0 || each.name() === 'secret' ? [path, ...below] : below
  })
}

describe('the help', () => {
  const context = { workingDirectory: tmpdir(), now: () => 0 }
  const nowhere = { ...context, out: () => {}, err: () => {}, environment: {}, random: (bytes: number) => new Uint8Array(bytes) }

  test.each(commandsOf(createProgram(nowhere)).map((path) => path.join(' ')))('of stile %s has an example of it', async (name) => {
    const { code, out } = await runCommand([...name.split(' '), '--help'], context)
    expect(code).toBe(0)
    expect(out).toMatch(/^Examples?:/m)
    expect(out.split(/^Examples?:/m)[1]).toContain(`stile ${name}`)
  })

  test('tells the exit codes, and a misspelt command the right one', async () => {
    expect((await runCommand(['--help'], context)).out).toContain('Exit codes:')
    const { code, err } = await runCommand(['polcy'], context)
    expect([code, err.includes('policy')]).toEqual([2, true])
  })

  test('stile --version is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await runCommand(['--version'], context)).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })
})

describe('the program', () => {
  const run = (file: string, ...args: string[]) =>
    spawnSync(process.execPath, ['--conditions=@stile/source', file, ...args], { encoding: 'utf8', env: { PATH: process.env.PATH } })

  test('says in one sentence which Node it needs, before it loads anything', () => {
    const directory = mkdtempSync(join(tmpdir(), 'stile-node-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    cpSync(STILE, join(directory, 'bin/stile.js'))
    const needs = { type: 'module', engines: { node: '>=99.1' }, imports: { '#main': './main.js' } }
    writeFileSync(join(directory, 'package.json'), JSON.stringify(needs))
    writeFileSync(join(directory, 'main.js'), "console.log('loaded')")
    const { status, stdout, stderr } = run(join(directory, 'bin/stile.js'), 'secret')
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('99.1')
    expect(stderr).toContain(process.versions.node)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  test('prints nothing of what Node itself calls experimental', () => {
    const directory = mkdtempSync(join(tmpdir(), 'stile-warnings-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const created = run(STILE, 'keys', 'create', '--scope', 'licenses:read', '--database', join(directory, 'stile.db'))
    expect(created.status, created.stderr).toBe(0)
    expect(created.stderr).not.toMatch(/warning/i)
  })
})
