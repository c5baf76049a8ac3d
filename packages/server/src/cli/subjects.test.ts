import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startMailServer, type TestMailServer } from '../mail/smtp.test-support.ts'
import { recoveryLinkDigest } from '../recovery/link.ts'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import type { Store } from '../stores/store.ts'
import { runCommand } from './run.test-support.ts'

const NOW = 1_800_000_000
const ADA = 'main|ada'

let directory: string
let server: TestMailServer
let store: Store
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'stile-cli-'))
  server = await startMailServer()
  store = createSqliteStore({ path: join(directory, 'stile.db'), now: () => NOW })
  await store.addresses.write({ record: { subject: ADA, version: 1, address: 'ada@example.com' }, notices: [] })
})
afterEach(async () => {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

/** Writes the configuration of a service; members that are `undefined` are left out. */
function configure(over: Readonly<Record<string, unknown>> = {}): void {
  const config = {
    database: 'stile.db',
    environment: 'test',
    webauthn: { rpName: 'Ledger' },
    mail: { from: 'no-reply@example.com', url: server.url },
    recovery: { url: 'https://app.example.com/recover' },
    ...over,
  }
  writeFileSync(join(directory, 'stile.config.json'), JSON.stringify(config))
}

const stile = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  runCommand(args, { workingDirectory: directory, environment, now: () => NOW })

/** Whether a token opens the account of a subject. */
const opens = async (url: string, subject = ADA) => {
  const key = { subject, sid: 's1', jkt: 'jkt' }
  const change = { at: NOW, type: 'revoked', subject, before: NOW } as const
  const proof = { kind: 'link', digest: recoveryLinkDigest(url.split('stile-recovery=')[1]?.trim() ?? '') } as const
  const end = { subject, except: key, now: NOW, change }
  await store.sessions.touch({
    key,
    account: 'acme',
    now: NOW,
    idleSeconds: 600,
    absoluteSeconds: 600,
    login: { sid: 's1', confirmed: true, mayOwn: true, authTime: NOW, issuedAt: NOW },
    active: true,
  })
  return store.recovery.redeem({ key, proof, now: NOW, ticketExpiresAt: NOW + 600, end })
}

describe('stile subjects recover', () => {
  test('sends a link that works, once, to the address of the subject', async () => {
    configure()
    const sent = await stile(['subjects', 'recover', ADA])
    expect(sent, sent.err).toMatchObject({
      code: 0,
      out: 'A link was sent to a•••@example.com. It is good once, until 2027-01-15 09:00 UTC.\n',
    })
    const { text, to } = server.newest()
    const url = /https:\/\/app\.example\.com\/recover#\S+/.exec(text)?.[0] as string
    expect([to, text.includes('Ledger')]).toEqual([['ada@example.com'], true])
    expect([await opens(url, 'main|bob'), await opens(url), await opens(url)]).toEqual([false, true, false])
  })

  test('shows a link instead where it is asked to, alone on stdout, and has the address told', async () => {
    configure()
    const { code, out } = await stile(['subjects', 'recover', ADA, '--print'])
    expect(code).toBe(0)
    expect(out).toMatch(/^https:\/\/app\.example\.com\/recover#stile-recovery=[A-Za-z0-9_-]{43}\n$/)
    expect(server.inbox()).toEqual([])
    expect(await store.outbox.claim({ now: NOW, leaseSeconds: 1, limit: 9 })).toMatchObject([
      { kind: 'recovery_link_requested', to: 'ada@example.com' },
    ])
    const json = JSON.parse((await stile(['subjects', 'recover', ADA, '--print', '--json'])).out)
    expect(json).toEqual({ url: expect.any(String), expiresAt: NOW + 3600 })
    // the newer one has made the former void
    expect([await opens(out), await opens(json.url)]).toEqual([false, true])
  })

  test('takes the mail server of the environment, as the service does', async () => {
    configure({ mail: undefined })
    const environment = { STILE_MAIL_URL: server.url, STILE_MAIL_FROM: 'no-reply@example.com' }
    expect((await stile(['subjects', 'recover', ADA], environment)).code).toBe(0)
    expect(server.inbox()).toHaveLength(1)
  })

  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ['no address', {}, 'main|bob', /No mail address of this subject is known/],
    ['no mail server', { mail: undefined }, ADA, /has no mail server/],
    ['no page', { recovery: undefined }, ADA, /Set recovery\.url/],
    ['a mail server that is none', { mail: { from: 'no-reply@example.com', url: 'http://hunter2@x' } }, ADA, /mail\.url: is not the URL/],
    ['what is no subject', {}, 'ada', /not a subject.*main\|ada/],
    ['a database that is not there', { database: 'nowhere.db' }, ADA, /There is no database at/],
  ])('%s is a clear message and an exit code', async (_what, over, subject, message) => {
    configure(over)
    const { code, out, err } = await stile(['subjects', 'recover', subject])
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(message)
    expect(err).not.toContain('hunter2')
    expect(server.inbox()).toEqual([])
  })

  test('says that the mail server is away, and leaves no link', async () => {
    configure()
    await server.stop()
    expect(await stile(['subjects', 'recover', ADA])).toMatchObject({ code: 1, err: expect.stringContaining('could not be sent') })
  })
})

describe('stile subjects show', () => {
  test('says what there is, and nothing that proves anything', async () => {
    configure()
    const data = { method: 'totp', sealedSecret: 'v1.sealed', lastStep: 1, failures: 100, disabledAt: NOW } as const
    const record = {
      id: 'auth_1',
      subject: ADA,
      level: 'mfa',
      name: 'Phone',
      createdAt: NOW,
      boundBy: { method: 'login', level: 'session' },
      data,
    } as const
    await store.authenticators.create({ record, limit: 9, change: { at: NOW, type: 'authenticators', subject: ADA } })
    await store.recovery.replaceCodes({
      subject: ADA,
      digests: ['kept-digest'],
      now: NOW,
      change: { at: NOW, type: 'authenticators', subject: ADA },
    })
    const { code, out } = await stile(['subjects', 'show', ADA])
    expect(code).toBe(0)
    expect(out).toBe(
      [
        'main|ada',
        '  totp “Phone”: added 2027-01-15 08:00 UTC with login, never used, SWITCHED OFF after too many wrong codes',
        '  recovery codes: 1 left, made 2027-01-15 08:00 UTC',
        '  mail address: a•••@example.com',
        '  open sessions: 0',
        '',
      ].join('\n'),
    )
    const json = await stile(['subjects', 'show', ADA, '--json'])
    expect(JSON.parse(json.out)).toMatchObject({
      authenticators: [{ id: 'auth_1', disabled: true }],
      recovery: { codesLeft: 1 },
      sessions: 0,
    })
    expect(out + json.out).not.toMatch(/sealed|kept-digest|ada@example/)
  })

  test('says that somebody has nothing', async () => {
    configure()
    expect((await stile(['subjects', 'show', 'main|bob'])).out).toContain('nothing enrolled')
  })
})

test.each([['subjects'], ['subjects', 'show'], ['subjects', 'recover']])('%s %s --help helps', async (...args) => {
  const { code, out } = await stile([...args.filter(Boolean), '--help'])
  expect(code).toBe(0)
  expect(out).toContain('Usage: stile subjects')
})
