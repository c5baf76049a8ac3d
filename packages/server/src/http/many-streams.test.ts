import { decodeJwt } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import type { AuthenticatorRecord } from '../stores/store.ts'
import type { TestClient } from './client.test-support.ts'
import type { TestEvents } from './event-reader.test-support.ts'
import { startTestService, type TestService } from './service.test-support.ts'

const MEMBERS = 50

type Member = Readonly<{ sub: string; client: TestClient; events: TestEvents; authenticators: readonly string[]; band: string }>
type Told = Readonly<{
  revision: number
  subject: string
  license: { epoch: number } | null
  risk: { band: string }
  authenticators: readonly { id: string }[]
  decisions: Readonly<Record<string, { outcome: string }>>
  token?: { token: string }
}>

describe('many members of one account', () => {
  let service: TestService
  afterEach(() => service.close())

  const putLicense = async (tier: string) => {
    const answer = await fetch(`${service.adminUrl}/v1/admin/licenses/acme`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await service.key('licenses:write')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ tier, state: 'active' }),
    })
    expect(answer.status).toBeLessThan(300)
    return ((await answer.json()) as { epoch: number }).epoch
  }

  /** Every third one has an authenticator app, every third a passkey that another browser is known by, the rest nothing. */
  const join = async (index: number, path: string): Promise<Member> => {
    const sub = `member-${index}`
    const [kind, subject, id] = [index % 3, `main|${sub}`, `auth-of-${sub}`]
    if (kind > 0) await service.store.authenticators.create({ record: recordOf(kind, subject, id), limit: 10, change: changed(subject) })
    if (kind === 2) {
      const elsewhere = service.client({ sub, sid: `elsewhere-${index}` })
      expect((await elsewhere.request('GET', '/v1/state')).status).toBe(200)
      const key = { subject, sid: `elsewhere-${index}`, jkt: elsewhere.jkt }
      await service.store.devices.bind({ key, authenticatorId: id, provenAt: service.now(), now: service.now() })
    }
    const client = service.client({ sub, sid: `sid-${index}` })
    const events = await client.events(path)
    const band = kind === 2 ? 'elevated' : 'normal'
    return { sub, client, events, authenticators: kind > 0 ? [id] : [], band }
  }
  const changed = (subject: string) => ({ at: service.now(), type: 'authenticators', subject }) as const
  const recordOf = (kind: number, subject: string, id: string): AuthenticatorRecord => ({
    id,
    subject,
    level: kind === 1 ? 'mfa' : 'phr',
    name: `of ${subject}`,
    createdAt: 1,
    boundBy: { method: 'login', level: 'session' },
    data:
      kind === 1
        ? { method: 'totp', sealedSecret: 'sealed', lastStep: 7, failures: 0 }
        : {
            method: 'passkey',
            credentialId: `credential-of-${subject}`,
            publicKey: 'key',
            counter: 0,
            transports: [],
            aaguid: 'a',
            backupEligible: true,
            backupState: true,
          },
  })
  const nextOf = async ({ events }: Member): Promise<Told> => (await events.nextNamed('state', 10_000)).data as unknown as Told

  test.each([
    ['with a token', '/v1/events'],
    ['without one', '/v1/events?token=0'],
  ])('threat: a message of one member holds what belongs to another, %s', async (_, path) => {
    service = await startTestService()
    const members = await Promise.all(Array.from({ length: MEMBERS }, (_, index) => join(index, path)))
    await Promise.all(members.map(nextOf))
    const epoch = await putLicense('pro')
    const told = await Promise.all(members.map(nextOf))
    for (const [index, { sub, client, authenticators, band }] of members.entries()) {
      const state = told[index] as Told
      expect(state).toMatchObject({ subject: `main|${sub}`, license: { epoch }, risk: { band } })
      expect(state.authenticators.map(({ id }) => id)).toEqual(authenticators)
      expect(state.decisions['reports.export']?.outcome).toBe(authenticators.length > 0 ? 'step_up' : 'enroll')
      const names = JSON.stringify(state).match(/member-\d+/g) ?? []
      expect(new Set(names), 'no other name anywhere').toEqual(new Set([sub]))
      if (path.endsWith('token=0')) expect(state).not.toHaveProperty('token')
      else
        expect(decodeJwt(state.token?.token ?? '')).toMatchObject({
          sub: `main|${sub}`,
          sid: `sid-${index}`,
          cnf: { jkt: client.jkt },
          risk: band,
          lic: { epoch },
        })
    }
    for (const { events } of members) events.close()
  })

  test('threat: a member whose session was ended hears of later changes', async () => {
    service = await startTestService()
    const members = await Promise.all(Array.from({ length: 10 }, (_, index) => join(index, '/v1/events?token=0')))
    await Promise.all(members.map(nextOf))
    const [gone, ...rest] = members as [Member, ...Member[]]
    expect((await gone.client.request('DELETE', '/v1/session')).status).toBe(204)
    const epoch = await putLicense('pro')
    for (const each of rest) expect((await nextOf(each)).license?.epoch).toBe(epoch)
    expect(await gone.events.next()).toMatchObject({ event: 'end', data: { code: 'session_ended' } })
    expect(await gone.events.next()).toBeUndefined()
    for (const { events } of rest) events.close()
  })

  test('every stream goes forward through a burst of changes and ends with the last one', async () => {
    service = await startTestService()
    const members = await Promise.all(Array.from({ length: 20 }, (_, index) => join(index, '/v1/events?token=0')))
    let last = 0
    for (let count = 0; count < 10; count++) last = await putLicense(count % 2 === 0 ? 'pro' : 'basic')
    for (const each of members) {
      const revisions: number[] = []
      for (let epoch = 0; epoch !== last; ) {
        const { revision, license } = await nextOf(each)
        revisions.push(revision)
        epoch = license?.epoch ?? 0
      }
      expect(revisions).toEqual([...new Set(revisions)].toSorted((one, other) => one - other))
      each.events.close()
    }
  })

  test('threat: a downgrade between the first look and the beginning of the stream is never told', async () => {
    let write: (() => Promise<unknown>) | undefined
    service = await startTestService({
      wrapStore: (store) => ({
        ...store,
        devices: {
          ...store.devices,
          async find(key) {
            const found = await store.devices.find(key)
            const now = write
            write = undefined
            await now?.()
            return found
          },
        },
      }),
    })
    await putLicense('pro')
    write = () => putLicense('basic')
    const { events } = await join(0, '/v1/events?token=0')
    let state = (await events.nextNamed('state')).data as unknown as Told
    while (state.license?.epoch !== 2) state = (await events.nextNamed('state', 2000)).data as unknown as Told
    expect(state.decisions['reports.export']?.outcome).toBe('upgrade')
    events.close()
  })
})
