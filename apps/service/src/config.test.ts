import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OptionsError } from '@stile/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runCommand } from './command.ts'
import { checkConfig } from './config.ts'
import { overlay, VARIABLES } from './environment.ts'
import { TEST_CONFIG, TEST_POLICY_DOCUMENT } from './service.test-support.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stile-config-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function stileService(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  let out = ''
  let err = ''
  const result = await runCommand(args, {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    workingDirectory: directory,
    environment,
  })
  return { result, out, err }
}

describe('the configuration', () => {
  test('is told wrong all at once: process, service, policy and environment', async () => {
    const { values, issues } = overlay(
      { ...TEST_CONFIG, policy: 'nowhere.json', admin: { prot: 1 }, webauthn: {}, misspelt: 1 },
      { STILE_PORT: 'many', STILE_ISSUERS: '[', STILE_PUBLIK_URL: 'x' },
    )
    const error = await checkConfig(values, directory, issues).catch((each: unknown) => each)
    expect(error).toBeInstanceOf(OptionsError)
    const paths = (error as OptionsError).issues.map(({ path }) => path)
    for (const path of ['STILE_PORT', 'STILE_ISSUERS', 'STILE_PUBLIK_URL', 'admin', 'policy', 'webauthn.rpId', 'misspelt'])
      expect(paths).toContain(path)
  })

  test('a live service without a secret is refused, a test service makes its own', async () => {
    const error = await checkConfig({ ...TEST_CONFIG, environment: 'live' }, directory).catch((each: unknown) => each)
    expect((error as OptionsError).issues).toMatchObject([{ path: 'secret', what: 'is missing' }])
    expect((await checkConfig(TEST_CONFIG, directory)).options.secret).toBeUndefined()
  })

  test('the environment wins over the file, also deep inside', () => {
    const { values, issues } = overlay(
      { port: 1, admin: { host: '::1', port: 2 } },
      { STILE_PORT: '3', STILE_ADMIN_PORT: '4', STILE_ORIGINS: 'https://a.example, https://b.example', STILE_HOST: '', HOME: '/root' },
    )
    expect(issues).toEqual([])
    expect(values).toEqual({ port: 3, admin: { host: '::1', port: 4 }, webauthn: { origins: ['https://a.example', 'https://b.example'] } })
  })

  test('a public URL on this machine names the port, any other leaves it at the default', async () => {
    expect((await checkConfig({ ...TEST_CONFIG, publicUrl: 'http://localhost:4123' }, directory)).settings.port).toBe(4123)
    expect((await checkConfig({ ...TEST_CONFIG, publicUrl: 'https://stile.example' }, directory)).settings.port).toBe(4000)
    expect((await checkConfig({ ...TEST_CONFIG, port: 0 }, directory)).settings.port).toBe(0)
  })

  test('a policy in a file of its own is found from where the configuration lies', async () => {
    writeFileSync(join(directory, 'policy.json'), JSON.stringify(TEST_POLICY_DOCUMENT))
    const { options } = await checkConfig({ ...TEST_CONFIG, policy: 'policy.json' }, directory)
    expect(options.policy).toMatchObject({ features: ['reports.view'] })
  })
})

describe('the command', () => {
  test('helps, and names every variable that it reads', async () => {
    const { result, out } = await stileService(['--help'])
    expect(result).toEqual({ exitCode: 0 })
    for (const { name } of VARIABLES) expect(out).toContain(name)
  })

  test('shows the configuration in force without the secret', async () => {
    writeFileSync(join(directory, 'stile.config.json'), JSON.stringify(TEST_CONFIG))
    const secret = Buffer.alloc(32, 3).toString('base64')
    const former = [4, 5].map((each) => Buffer.alloc(32, each).toString('base64'))
    const variables = { STILE_SECRET: secret, STILE_SECRET_PREVIOUS: former.join(', '), STILE_PORT: '4999' }
    const { result, out } = await stileService(['--print-config'], variables)
    expect(result).toEqual({ exitCode: 0 })
    expect(JSON.parse(out)).toMatchObject({ port: 4999, admin: { host: '127.0.0.1', port: 4010 }, secret: '(hidden)' })
    expect(JSON.parse(out).previousSecrets).toEqual(['(hidden)', '(hidden)'])
    for (const each of [secret, ...former]) expect(out).not.toContain(each)
  })

  test('a module can be the configuration', async () => {
    writeFileSync(join(directory, 'stile.config.mjs'), `export default ${JSON.stringify(TEST_CONFIG)}`)
    expect((await stileService(['--print-config'])).result).toEqual({ exitCode: 0 })
  })

  test('threat: a reader of --print-config would learn the password of the mail server or the secret at the login provider', async () => {
    const relogin = { clientId: 'stile', clientSecret: 'of-the-client', redirectUris: [`${TEST_CONFIG.clients[0]?.origins[0]}/back`] }
    const config = {
      ...TEST_CONFIG,
      issuers: TEST_CONFIG.issuers.map((each: object) => ({
        ...each,
        relogin,
      })),
      mail: {
        from: 'a@example.com',
        transport: { host: 'h', auth: { user: 'u', pass: 'of-the-server' }, dkim: { privateKey: 'of-dkim' } },
      },
    }
    writeFileSync(join(directory, 'stile.config.json'), JSON.stringify(config))
    const environment = {
      STILE_MAIL_URL: 'smtps://someone:of-the-url@mail.example:2465',
      STILE_MAIL_FROM: 'Example <no-reply@example.com>',
    }
    const { result, out, err } = await stileService(['--print-config'], environment)
    expect({ result, err }).toEqual({ result: { exitCode: 0 }, err: '' })
    expect(JSON.parse(out)).toMatchObject({
      mail: {
        from: 'Example <no-reply@example.com>',
        url: 'smtps://(hidden)@mail.example:2465',
        transport: { host: 'h', auth: '(hidden)' },
      },
    })
    expect(out).not.toMatch(/of-the-|of-dkim|someone/)
  })

  test.each<[string, string[], number, RegExp]>([
    ['no configuration at all', [], 1, /publicUrl: is missing/],
    ['a file that is not there', ['--config', 'nowhere.json'], 1, /There is no file/],
    ['an unknown option', ['--verbose'], 2, /unknown option/],
  ])('%s is a clear message and an exit code', async (_what, args, exitCode, message) => {
    const { result, err } = await stileService(args)
    expect(result).toEqual({ exitCode })
    expect(err).toMatch(message)
  })
})
