import { createStile } from '@stile/browser'
import { createEnrollment } from '@stile/browser/enroll'
import type { State } from '@stile/protocol'
import { describe, expect, test } from 'vitest'
import { call, confirm, NOW, policy } from './example.test-support.ts'
import { createTestService, type TestService, type TestServiceOptions } from './service.ts'
import { createClock } from './world/clock.ts'
import { authenticatorOf, licenseOf } from './world/world.ts'

const MEMBER = { license: licenseOf('pro'), authenticators: [authenticatorOf('totp')] }

function open(given: TestServiceOptions['given'] = MEMBER): TestService {
  return createTestService({ policy, clock: createClock(NOW), given })
}

function clientOf(service: TestService) {
  const { url, fetch, session } = service
  return createStile({ service: url, session, fetch, audiences: { api: ['https://api.test'] }, relogin: async () => true })
}

/** Waits for a flow to come to a state. */
async function until<S extends { status: string }>(
  flow: { get: () => S; subscribe: (listener: () => void) => () => void },
  status: string,
) {
  while (flow.get().status !== status) await new Promise<void>((resolve) => flow.subscribe(resolve))
  return flow.get()
}

describe('a step-up of the real client', () => {
  test('a wrong code is counted, the right one is a proof given now', async () => {
    const service = open()
    const flow = clientOf(service).stepUp('reports.export')
    await until(flow, 'proving')
    await flow.submit({ code: '000000' })
    expect(flow.get()).toMatchObject({ status: 'proving', error: { failure: 'wrong_code', attemptsLeft: 4 } })
    await flow.submit({ code: '123456' })
    await expect(flow.done).resolves.toMatchObject({ acr: 'urn:stile:acr:mfa', authTime: NOW })
    expect(service.world().proofs).toEqual([{ method: 'totp', level: 'mfa', amr: ['otp', 'mfa'], authTime: NOW }])
  })

  test('a step-up ends after five minutes, and with its proof', async () => {
    const service = open()
    const begin = async () => ((await call(service, 'POST', '/v1/step-ups', { feature: 'reports.export' })).body as { id: string }).id
    const prove = (id: string) => call(service, 'POST', `/v1/step-ups/${id}/attempts`, { method: 'totp', response: { code: '123456' } })
    const late = await begin()
    service.advance(301)
    expect(await prove(late)).toMatchObject({ status: 410, body: { code: 'step_up_expired' } })
    service.advance(30)
    const used = await begin()
    expect(await prove(used)).toMatchObject({ status: 200, body: { status: 'done' } })
    expect(await prove(used)).toMatchObject({ status: 410 })
  })

  test.each([
    ['license_required', { license: licenseOf('basic') }],
    ['enrollment_required', { license: licenseOf('pro') }],
    ['denied', { ...MEMBER, risk: 'critical' as const }],
  ])('what cannot be proven is refused with %s', async (code, given) => {
    await expect(clientOf(open(given)).stepUp('reports.export').done).rejects.toMatchObject({ code })
  })

  test('what is proven already needs no prompt', async () => {
    const service = open({ ...MEMBER, proofs: [{ method: 'totp', level: 'mfa', amr: ['otp'], authTime: NOW - 60 }] })
    await expect(clientOf(service).stepUp('reports.export').done).resolves.toMatchObject({ authTime: NOW - 60 })
  })

  test('signing in again makes the login one of now', async () => {
    const service = open({ license: licenseOf('basic'), loginAt: NOW - 3600 })
    const flow = clientOf(service).stepUp('reports.print')
    await flow.done
    expect(service.world().loginAt).toBe(NOW)
  })

  test('a step-up names the operation that it was started for', async () => {
    const service = open({ license: licenseOf('enterprise'), authenticators: [authenticatorOf('passkey')] })
    const asked = { feature: 'payouts.approve', operation: { amount: '10' } }
    expect((await call(service, 'POST', '/v1/step-ups', asked)).body).toMatchObject({
      ...asked,
      status: 'open',
      methods: [{ method: 'passkey' }],
    })
  })
})

describe('enrolment of the real client', () => {
  test('the first authenticator needs a fresh login, and enrolling it is a proof', async () => {
    const service = open({ license: licenseOf('pro'), loginAt: NOW - 3600 })
    const enrollment = createEnrollment(clientOf(service))
    await enrollment.start('totp')
    expect(service.world().loginAt).toBe(NOW)
    await enrollment.submit({ code: '000000' })
    expect(enrollment.get()).toMatchObject({ status: 'proving', error: { failure: 'wrong_code', attemptsLeft: 4 } })
    await enrollment.submit({ code: '123456' }, 'Phone')
    expect(enrollment.get()).toMatchObject({ status: 'done', authenticator: { name: 'Phone', level: 'mfa' } })
    expect(service.world().proofs).toMatchObject([{ method: 'totp', authTime: NOW }])
  })

  test('once something is enrolled, adding, naming and removing ask for a fresh proof of it', async () => {
    const service = open()
    const refused = { status: 401, body: { code: 'insufficient_user_authentication', requirement: { level: 'mfa' } } } as const
    expect(await call(service, 'POST', '/v1/authenticators/registrations', { method: 'totp' })).toMatchObject(refused)
    expect(await call(service, 'PATCH', '/v1/authenticators/auth_totp', { name: 'Phone' })).toMatchObject(refused)
    expect(await call(service, 'DELETE', '/v1/authenticators/auth_totp')).toMatchObject(refused)
    service.given({ proofs: [{ method: 'totp', level: 'mfa', amr: ['otp'], authTime: NOW }] })
    expect(await call(service, 'PATCH', '/v1/authenticators/auth_totp', { name: 'Phone' })).toMatchObject({ body: { name: 'Phone' } })
    // any fresh proof will do for a name, and none but its own for a removal
    const removal = { operation: { change: 'remove', id: 'auth_totp', name: 'Phone' } }
    expect(await call(service, 'DELETE', '/v1/authenticators/auth_totp')).toMatchObject({ status: 401, body: removal })
    await confirm(service)
    expect(await call(service, 'POST', '/v1/recovery/codes', {})).toMatchObject(refused)
    expect(await call(service, 'DELETE', '/v1/authenticators/auth_totp')).toMatchObject({ status: 204 })
    expect(await call(service, 'GET', '/v1/authenticators')).toMatchObject({ status: 200, body: { authenticators: [] } })
    expect(await call(service, 'DELETE', '/v1/authenticators/auth_totp')).toMatchObject({ status: 404 })
  })
})

describe('the stream', () => {
  async function listen(service: TestService, known?: string) {
    const stop = new AbortController()
    const headers = known ? { 'last-event-id': known } : {}
    const { body } = await service.fetch(`${service.url}/v1/events`, { headers, signal: stop.signal })
    const reader = (body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader()
    const next = async () => JSON.parse(/data: (.*)/.exec((await reader.read()).value ?? '')?.[1] ?? 'null') as State
    return { next, stop: () => stop.abort(), ended: () => reader.read() }
  }

  test('sends the state at once and after every change, each with a greater revision', async () => {
    const service = open()
    const { next } = await listen(service)
    const first = await next()
    service.given({ license: licenseOf('basic') })
    const second = await next()
    expect(second.revision).toBeGreaterThan(first.revision)
    expect(second.license?.tier).toBe('basic')
    service.advance(60)
    expect((await next()).now).toBe(NOW + 60)
  })

  test('says nothing that the page knows already', async () => {
    const service = open()
    const { next } = await listen(service, '1')
    service.given({ risk: 'high' })
    expect((await next()).risk.band).toBe('high')
  })

  test('breaks when the network goes down, and other requests fail', async () => {
    const service = open()
    const { ended, next } = await listen(service)
    await next()
    service.given({ network: 'down' })
    await expect(ended()).rejects.toThrow('network error')
    await expect(call(service, 'GET', '/v1/state')).rejects.toThrow('Failed to fetch')
  })

  test('ends with the request', async () => {
    const service = open()
    const { ended, next, stop } = await listen(service)
    await next()
    stop()
    await expect(ended()).rejects.toThrow()
    expect(() => service.given({ risk: 'high' })).not.toThrow()
  })
})

test('a slow network answers nothing until the caller gives up', async () => {
  const service = open({ network: 'slow' })
  await expect(service.fetch(`${service.url}/v1/state`, { signal: AbortSignal.timeout(5) })).rejects.toThrow()
})

test('what is nowhere is a problem', async () => {
  expect(await call(open(), 'GET', '/v1/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } })
})
