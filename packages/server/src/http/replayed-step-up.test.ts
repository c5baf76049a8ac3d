import { request } from 'node:http'
import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApiKey } from '../api-keys/api-keys.ts'
import { countCommits } from '../stores/sqlite/commits.test-support.ts'
import { openDatabase } from '../stores/sqlite/database/database.ts'
import { storeOn } from '../stores/sqlite/store.ts'
import type { Store } from '../stores/store.ts'
import { answerOf, type TestAnswer, type TestClient } from './client.test-support.ts'
import { expectProblem } from './problem.test-support.ts'
import { ORIGIN, startTestService, type TestService } from './service.test-support.ts'

let service: TestService
let store: Store
let client: TestClient
let token: string
let commits: () => number
let emulator: WebAuthnEmulator

beforeEach(async () => {
  const counted = countCommits(openDatabase({ path: ':memory:', now: () => Math.floor(Date.now() / 1000) }))
  commits = counted.commits
  store = storeOn(counted.database)
  service = await startTestService({ wrapStore: () => store })
  const headers = { authorization: `Bearer ${await adminKey()}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ tier: 'enterprise', state: 'active' })
  await fetch(`${service.adminUrl}/v1/admin/licenses/acme`, { method: 'PUT', headers, body })
  client = service.client()
  emulator = new WebAuthnEmulator()
  const { id, start } = (await client.request('POST', '/v1/authenticators/registrations', { body: { method: 'passkey' } })).body as never
  const response = emulator.createJSON(ORIGIN, start)
  await client.request('POST', `/v1/authenticators/registrations/${id}`, { body: { response } })
  service.advance(130)
  token = service.mint({ cnf: { jkt: client.jkt } })
  // session and device are noted at most once a minute and once an hour
  await client.request('GET', '/v1/state')
})
afterEach(async () => {
  await service.close()
  await store.close()
})

const adminKey = async () => {
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))
  return (await createApiKey({ store, now: service.now, random }, { name: 'test', scope: 'licenses:write', ttlSeconds: 3600 })).key
}

type Recorded = () => Promise<TestAnswer>

const headersFor = (path: string) => ({
  authorization: `Bearer ${token}`,
  dpop: client.proof('POST', path, token),
  origin: ORIGIN,
  'content-type': 'application/json',
})

/** The status of a request to open a step-up whose body comes after it was recognized. */
function sentLate(headers: Readonly<Record<string, string>>, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${service.url}/v1/step-ups`,
      { method: 'POST', headers: { ...headers, 'content-length': body.length } },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      },
    )
    call.on('error', reject)
    call.flushHeaders()
    setTimeout(() => call.end(body), 150)
  })
}

/** A request as a browser sends it, which can be sent again word by word. */
function record(path: string, body: unknown): Recorded {
  const headers = headersFor(path)
  return async () => answerOf(await fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(body) }))
}

const start = () => record('/v1/step-ups', { feature: 'payouts.approve' })
const methodOf = ({ body }: TestAnswer) => (body.methods as readonly { start: never }[])[0]?.start as never
const answering = (id: unknown, options: never) =>
  record(`/v1/step-ups/${id}/attempts`, { method: 'passkey', response: emulator.getJSON(ORIGIN, options) })

describe('a step-up by passkey', () => {
  test('is three commits with the device proofs of its two requests', async () => {
    const before = commits()
    const opened = await start()()
    expect(opened.status, opened.text).toBe(201)
    expect(commits() - before).toBe(1)
    const done = await answering(opened.body.id, methodOf(opened))()
    expect(done.body).toMatchObject({ status: 'done', issued: { acr: 'phr' } })
    expect(commits() - before).toBe(3)
  })

  test('threat: an attacker who replays the request that opened it would open another', async () => {
    const opening = start()
    const opened = await opening()
    const before = commits()
    expectProblem(await opening(), 'invalid_dpop_proof')
    expectProblem(await opening(), 'invalid_dpop_proof')
    expect(await answering(opened.body.id, methodOf(opened))()).toMatchObject({ status: 200 })
    // the replays: one group each, and nothing in it; the answer: two
    expect(commits() - before).toBe(4)
  })

  test('threat: an attacker who replays an answer would use up the challenge that its owner was given since', async () => {
    const opened = await start()()
    const wrong = record(`/v1/step-ups/${opened.body.id}/attempts`, { method: 'passkey', response: {} })
    expectProblem(await wrong(), 'attempt_failed')
    const again = await record(`/v1/step-ups/${opened.body.id}/methods/passkey`, {})()
    for (let times = 0; times < 3; times += 1) expectProblem(await wrong(), 'invalid_dpop_proof')
    expect(await answering(opened.body.id, methodOf(again))()).toMatchObject({ status: 200, body: { status: 'done' } })
  })

  test('threat: a request that is sent many times at once would be answered more than once', async () => {
    const opening = start()
    const opened = await Promise.all(Array.from({ length: 8 }, opening))
    expect(opened.filter(({ status }) => status === 201)).toHaveLength(1)
    const [only] = opened.filter(({ status }) => status === 201) as [TestAnswer]
    const answers = await Promise.all(Array.from({ length: 8 }, answering(only.body.id, methodOf(only))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const each of answers.filter(({ status }) => status !== 200)) expectProblem(each, 'invalid_dpop_proof')
  })

  test('threat: a proof would be good for more if the body of its request came late and is refused', async () => {
    for (const [body, status] of [
      ['{', 400],
      ['{"feature":7}', 400],
      ['{"feature":"payouts.approve"}', 201],
    ] as const) {
      const headers = headersFor('/v1/step-ups')
      expect(await sentLate(headers, body)).toBe(status)
      expect(await sentLate(headers, '{"feature":"payouts.approve"}')).toBe(401)
    }
  })

  test('threat: a proof would be good for more if its request was refused, or permitted at once', async () => {
    const requests = [
      record('/v1/step-ups', { feature: 7 }),
      record('/v1/step-ups', { feature: 'no.such.feature' }),
      record('/v1/step-ups', { feature: 'reports.view' }),
      record('/v1/step-ups/su_AAAAAAAAAAAAAAAAAAAAAA/attempts', { method: 'passkey', response: {} }),
    ]
    for (const each of requests) {
      expect((await each()).body.code).not.toBe('invalid_dpop_proof')
      expectProblem(await each(), 'invalid_dpop_proof')
    }
  })
})
