import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { noticeFor } from '../addresses/notice-for.ts'
import { removeAuthenticator, renameAuthenticator } from '../authenticators/index.ts'
import type { MailContent } from '../messages/message.ts'
import type { Caller } from '../sessions/caller.ts'
import { createWorld, type World } from '../step-ups/world.test-support.ts'
import type { Domain } from '../tokens/domain.ts'
import { createMail } from './mail.ts'
import { LEASE_SECONDS, sendNotices } from './send-notices.ts'
import { startMailServer, type TestMailServer } from './smtp.test-support.ts'

const DAY = 86_400

let server: TestMailServer
let world: World
let caller: Caller
let logged: { level: string; fields: object; message?: string }[]
beforeEach(async () => {
  server = await startMailServer()
  logged = []
  const line = (level: string) => (fields: object, message?: string) =>
    void logged.push({ level, fields, ...(message !== undefined && { message }) })
  const log = { level: 'debug', debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  world = await createWorld({ options: { log, mail: { from: 'no-reply@example.com', url: server.url } } })
  caller = await world.caller({ email: { address: 'ada@example.com', verified: true } })
})
afterEach(() => world.close())

const subjects = () => server.inbox().map(({ subject }) => subject)
/** Another process on the same store. */
const process = async (): Promise<Domain> => {
  const mail = await createMail(world.domain.options)
  return { ...world.domain, ...(mail && { mail }) }
}

describe('notices', () => {
  test('tell of what was enrolled, renamed and removed', async () => {
    const { id } = await world.enrolPasskey(caller)
    await renameAuthenticator(world.domain, caller, id, { name: 'Desk <b>' })
    await world.confirmed(caller, () => removeAuthenticator(world.domain, caller, id))
    await sendNotices(world.domain)
    expect(subjects()).toEqual([
      expect.stringMatching(/passkey added.*Example/),
      expect.stringMatching(/Passkey renamed.*Example/),
      expect.stringMatching(/Passkey removed.*Example/),
    ])
    const [added, renamed, removed] = server.inbox()
    expect(server.inbox().every(({ to }) => to.join() === 'ada@example.com')).toBe(true)
    expect(added?.text).toContain('“Passkey” was added')
    expect(renamed?.text).toMatch(/“Passkey” .* “Desk <b>”/)
    expect(renamed?.html).toContain('“Desk &lt;b&gt;”')
    expect(removed?.text).toContain('“Desk <b>” was removed')
    await sendNotices(world.domain)
    expect(server.inbox()).toHaveLength(3)
  })

  test('threat: a change that was refused would be told', async () => {
    await expect(renameAuthenticator(world.domain, caller, 'auth_none', { name: 'x' })).rejects.toThrow()
    await expect(removeAuthenticator(world.domain, caller, 'auth_none')).rejects.toThrow()
    world.wait()
    await expect(world.enrolPasskey({ ...caller, login: { ...caller.login, authTime: 1 } })).rejects.toThrow()
    await sendNotices(world.domain)
    expect(server.inbox()).toEqual([])
  })

  test('go nowhere if no address is known, which is logged', async () => {
    await world.enrolPasskey(await world.caller({ sub: 'bob' }))
    await sendNotices(world.domain)
    expect(server.inbox()).toEqual([])
    expect(logged).toContainEqual({
      level: 'debug',
      fields: { subject: 'main|bob', kind: 'authenticator_added' },
      message: expect.any(String),
    })
    expect(await noticeFor({ ...world.domain, mail: undefined } as never, caller, 'sessions_ended', {})).toEqual([])
  })

  test('threat: somebody who acts for a subject would get theirs', async () => {
    await world.enrolPasskey(caller)
    expect(await noticeFor(world.domain, { ...caller, actor: 'support' }, 'sessions_ended', {})).toEqual([])
  })

  test('threat: an attacker who changes the address would keep the owner from hearing what comes next', async () => {
    await world.enrolPasskey(caller)
    await world.enrolPasskey({ ...caller, email: { address: 'eve@example.com', verified: true } })
    await sendNotices(world.domain)
    expect(subjects()).toEqual(expect.arrayContaining([expect.stringMatching(/about to change/)]))
    expect(server.inbox()).toHaveLength(3)
    expect(server.inbox().every(({ to }) => to.join() === 'ada@example.com')).toBe(true)
    expect(server.inbox().find(({ subject }) => subject.includes('about to change'))?.text).toContain('e•••@example.com')
  })

  test('are sent once by many processes', async () => {
    for (let count = 0; count < 3; count++) await world.enrolPasskey(caller)
    const processes = await Promise.all(Array.from({ length: 6 }, process))
    await Promise.all(processes.map((each) => sendNotices(each)))
    expect(server.inbox()).toHaveLength(3)
    for (const each of processes) each.mail?.close()
  })

  test('threat: are lost with the process that was sending them', async () => {
    await world.enrolPasskey(caller)
    const dead = { ...world.domain, mail: { send: () => new Promise<never>(() => undefined), close: () => undefined } }
    void sendNotices(dead)
    await world.domain.store.check()
    await sendNotices(world.domain)
    expect(server.inbox()).toEqual([])
    world.clock.advance(LEASE_SECONDS)
    await sendNotices(world.domain)
    expect(server.inbox()).toHaveLength(1)
  })

  test('threat: sixty changes would send sixty mails, so that the one that matters is not read', async () => {
    const { id } = await world.enrolPasskey(caller)
    for (let count = 0; count < 60; count++) {
      await renameAuthenticator(world.domain, caller, id, { name: `name ${count}` })
      await sendNotices(world.domain)
      world.clock.advance(1)
    }
    await world.confirmed(caller, () => removeAuthenticator(world.domain, caller, id))
    await sendNotices(world.domain)
    expect(subjects()).toEqual([
      expect.stringMatching(/added/),
      ...Array(3).fill(expect.stringMatching(/renamed/)),
      expect.stringMatching(/removed/),
    ])
    world.clock.advance(3600)
    const dead = { ...world.domain, mail: { send: () => new Promise<never>(() => undefined), close: () => undefined } }
    void sendNotices(dead)
    await world.domain.store.check()
    world.clock.advance(LEASE_SECONDS)
    const processes = await Promise.all(Array.from({ length: 4 }, process))
    await Promise.all([...processes, ...processes].map((each) => sendNotices(each)))
    for (const each of processes) each.mail?.close()
    expect(server.inbox()).toHaveLength(6)
    expect(server.newest()).toMatchObject({ to: ['ada@example.com'], subject: expect.stringMatching(/^57 changes.*Example/) })
    const text = server.newest()?.text
    expect(text).toMatch(/“name 2” .* “name 3”/)
    expect(text).toMatch(/27 × “[^”]*renamed/)
  })

  test('threat: a mail server that is down for an hour keeps people from hearing', async () => {
    await world.enrolPasskey(caller)
    server.answer('refuse-mail')
    let tries = 0
    const { mail } = world.domain
    const counting = {
      ...world.domain,
      mail: {
        close: () => undefined,
        send: (message: MailContent) => {
          tries += 1
          return mail?.send(message) ?? Promise.resolve()
        },
      },
    }
    for (let second = 0; second < 3600; second += 10, world.clock.advance(10)) await sendNotices(counting)
    expect(server.inbox()).toEqual([])
    // after 0, 30, 90, 210, 450, 930 and 1890 seconds
    expect(tries).toBe(7)
    server.answer(undefined)
    world.clock.advance(3600)
    await sendNotices(world.domain)
    expect(server.inbox()).toHaveLength(1)
    expect(logged.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('are dropped after a day, which is logged without address and content', async () => {
    await world.enrolPasskey(caller)
    await server.stop()
    for (let hour = 0; hour < 26; hour++, world.clock.advance(3600)) await sendNotices(world.domain)
    const dropped = logged.filter(({ level }) => level === 'warn')
    expect(dropped).toHaveLength(1)
    expect(dropped[0]?.fields).toMatchObject({ kind: 'authenticator_added' })
    expect(JSON.stringify(dropped)).not.toMatch(/ada@|Passkey/)
    world.clock.advance(2 * DAY)
    expect(await world.domain.store.outbox.claim({ now: world.clock.now(), leaseSeconds: 1, limit: 9 })).toEqual([])
  })
})
