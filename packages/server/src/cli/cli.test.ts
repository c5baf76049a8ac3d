import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { verifyApiKey } from '../api-keys/api-keys.ts'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import { runCommand } from './run.test-support.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stile-cli-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const now = (): number => 1_800_000_000

const stile = (...args: string[]) => runCommand(args, { workingDirectory: directory, now })

describe('stile keys', () => {
  test('makes a key that works, lists it without what makes it work, and revokes it', async () => {
    const database = join(directory, 'stile.db')
    const created = await stile(
      'keys',
      'create',
      '--scope',
      'guard',
      '--audience',
      'https://api.example',
      '--ttl',
      '1d',
      '--database',
      database,
    )
    expect(created.code, created.err).toBe(0)
    const key = created.out.trim()
    expect(key, 'the key alone, for scripts').toMatch(/^stile_g_[A-Za-z0-9_-]{43}$/)

    const store = createSqliteStore({ path: database })
    const record = await verifyApiKey({ store, now }, key, ['guard'])
    expect(record).toMatchObject({ audience: 'https://api.example', expiresAt: now() + 86_400 })

    const listed = await stile('keys', 'list', '--database', database)
    expect(listed.out).toContain(record.id)
    expect(listed.out).toContain('valid')
    expect(listed.out + (await stile('keys', 'list', '--json', '--database', database)).out).not.toMatch(
      new RegExp(`${record.hash}|${key}`),
    )

    expect((await stile('keys', 'revoke', record.id, '--database', database)).code).toBe(0)
    await expect(verifyApiKey({ store, now }, key, ['guard'])).rejects.toMatchObject({ code: 'unauthenticated' })
    expect((await stile('keys', 'list', '--database', database)).out).toContain('revoked')
    await store.close()
  })

  test('takes the database from the configuration, from where that file lies', async () => {
    writeFileSync(join(directory, 'stile.config.json'), JSON.stringify({ database: 'data/stile.db' }))
    expect((await stile('keys', 'create', '--scope', 'licenses:write')).code).toBe(0)
    expect((await stile('keys', 'list')).out).toContain('licenses:write')
  })

  test.each<[string, string[], number, RegExp]>([
    ['no database', ['keys', 'list'], 1, /No database is named/],
    ['a database that is not there', ['keys', 'list', '--database', 'nowhere.db'], 1, /There is no database at/],
    ['a configuration that is not there', ['keys', 'list', '--config', 'nowhere.json'], 1, /There is no file/],
    [
      'a duration that is none',
      ['keys', 'create', '--scope', 'guard', '--audience', 'x', '--ttl', 'soon', '--database', 'x.db'],
      1,
      /not a duration/,
    ],
    ['an unknown scope', ['keys', 'create', '--scope', 'root', '--database', 'x.db'], 2, /Allowed choices/],
    ['no scope', ['keys', 'create', '--database', 'x.db'], 2, /--scope/],
    ['an unknown command', ['kees'], 2, /unknown command/],
    ['an unknown option', ['keys', 'list', '--all'], 2, /unknown option/],
  ])('%s is a clear message and an exit code', async (_what, args, code, message) => {
    const result = await stile(...args.map((each) => (each.endsWith('.db') ? join(directory, each) : each)))
    expect(result.err).toMatch(message)
    expect(result.code).toBe(code)
  })

  test('a guard key without an audience says what is missing', async () => {
    const result = await stile('keys', 'create', '--scope', 'guard', '--database', join(directory, 'x.db'))
    expect(result).toMatchObject({ code: 1, err: expect.stringContaining('audience') })
  })
})

describe('stile policy check', () => {
  const good = { format: 1, features: { a: { requires: { level: 'phr', bind: ['x'] } }, b: {} }, tiers: { basic: { features: ['a'] } } }

  test('says what a valid policy holds, and advises', async () => {
    writeFileSync(join(directory, 'policy.json'), JSON.stringify(good))
    const result = await stile('policy', 'check', 'policy.json')
    expect(result.code, result.err).toBe(0)
    expect(result.out).toContain('2 features, 1 tiers')
    expect(result.out).toContain('Set enrollment.settle')
    writeFileSync(join(directory, 'settled.json'), JSON.stringify({ ...good, enrollment: { settle: '1d' } }))
    expect((await stile('policy', 'check', 'settled.json')).out).not.toContain('enrollment.settle')
    expect(result.out).toContain('No tier includes "b"')
    expect(JSON.parse((await stile('policy', 'check', 'policy.json', '--json')).out)).toMatchObject({ ok: true, features: ['a', 'b'] })
  })

  test('tells everything that is wrong at once', async () => {
    writeFileSync(join(directory, 'policy.json'), JSON.stringify({ ...good, tiers: { basic: { features: ['c'], extends: 'none' } } }))
    const result = await stile('policy', 'check', 'policy.json')
    expect(result.code).toBe(1)
    expect(result.err).toContain('/tiers/basic/features/0')
    expect(result.err).toContain('/tiers/basic/extends')
  })

  test('reads a module, whatever its policy was defined with', async () => {
    writeFileSync(join(directory, 'policy.mjs'), `export const policy = { digest: 'x', document: ${JSON.stringify(good)} }`)
    expect((await stile('policy', 'check', 'policy.mjs')).code).toBe(0)
    writeFileSync(join(directory, 'none.mjs'), 'export const other = 1')
    expect(await stile('policy', 'check', 'none.mjs')).toMatchObject({ code: 1, err: expect.stringContaining('exports neither policy') })
  })

  test('a file that is no JSON shows its line and nothing of its text', async () => {
    writeFileSync(join(directory, 'broken.json'), '{\n  "secret": "hunter2" oops }')
    const result = await stile('policy', 'check', 'broken.json')
    expect(result.code).toBe(1)
    expect(result.err).toMatch(/not valid JSON \(line 2\)/)
    expect(result.err).not.toContain('hunter2')
  })
})

test('stile secret makes another 32 bytes each time', async () => {
  const secrets = await Promise.all([stile('secret'), stile('secret')])
  for (const { out } of secrets) expect(Buffer.from(out.trim(), 'base64')).toHaveLength(32)
  expect(secrets[0].out).not.toBe(secrets[1].out)
})

test.each([['--help'], ['keys', '--help'], ['keys', 'create', '--help'], ['policy', 'check', '--help'], ['secret', '--help']])(
  '%s %s helps',
  async (...args) => {
    const { code, out } = await stile(...(args.filter(Boolean) as string[]))
    expect(code).toBe(0)
    expect(out).toContain('Usage: stile')
  },
)

test('the program starts from a checkout that was never built', () => {
  const program = fileURLToPath(new URL('../../bin/stile.js', import.meta.url))
  const out = execFileSync(process.execPath, ['--conditions=@stile/source', program, 'secret'], { encoding: 'utf8' })
  expect(Buffer.from(out.trim(), 'base64')).toHaveLength(32)
})
