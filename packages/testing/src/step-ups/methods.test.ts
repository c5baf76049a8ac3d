import type { ReloginStart, StepUp, StepUpMethod } from '@stile/protocol'
import { expect, test } from 'vitest'
import { call, NOW, policy } from '../example.test-support.ts'
import { createTestService, type TestService } from '../service.ts'
import { createClock } from '../world/clock.ts'
import { authenticatorOf, licenseOf, type World } from '../world/world.ts'

const STALE = { license: licenseOf('basic'), loginAt: NOW - 3600, email: 'ada@example.com' }

function open(given: Partial<World> = {}): TestService {
  return createTestService({ policy, clock: createClock(NOW), given: { ...STALE, ...given } })
}

async function begin(service: TestService, feature = 'reports.print') {
  const stepUp = (await call(service, 'POST', '/v1/step-ups', { feature })).body as Extract<StepUp, { status: 'open' }>
  const way = (method: string): StepUpMethod => {
    const found = stepUp.methods.find((each) => each.method === method)
    if (!found) throw new Error(`${method} is not offered`)
    return found
  }
  const at = `/v1/step-ups/${stepUp.id}`
  const start = (method: string) => call(service, 'POST', `${at}/methods/${method}`, {})
  const attempt = (method: string, response: unknown) => call(service, 'POST', `${at}/attempts`, { method, response })
  return { stepUp, way, start, attempt }
}

test('a code by mail is sent when it is chosen, says where to, and is right once', async () => {
  const service = open()
  const { stepUp, way, start, attempt } = await begin(service)
  expect(stepUp.methods.map(({ method }) => method)).toEqual(['email-otp', 'relogin'])
  expect(way('email-otp').start).toBeUndefined()
  expect(service.inbox()).toEqual([])
  const started = (await start('email-otp')).body as Extract<StepUp, { status: 'open' }>
  expect(started.methods[0]?.start).toEqual({ sentTo: 'a•••@example.com', resendAt: NOW + 30, expiresAt: NOW + 300 })
  const [mail] = service.inbox()
  expect(mail).toMatchObject({ to: 'ada@example.com', about: 'code', secret: expect.stringMatching(/^\d{6}$/) })
  expect(await attempt('email-otp', { code: 'nonsense' })).toMatchObject({ status: 422, body: { failure: 'wrong_code', attemptsLeft: 4 } })
  expect(await attempt('email-otp', { code: mail?.secret })).toMatchObject({ status: 200, body: { status: 'done' } })
  expect(service.world().proofs).toMatchObject([{ method: 'email-otp', level: 'session' }])
  expect(await attempt('email-otp', { code: mail?.secret })).toMatchObject({ status: 410 })
})

test('another code waits for its time, gives no guess back and makes the former worthless', async () => {
  const service = open()
  const { start, attempt } = await begin(service)
  await start('email-otp')
  await attempt('email-otp', { code: 'nonsense' })
  expect(await start('email-otp')).toMatchObject({ status: 429, body: { retryAfter: 30 } })
  service.advance(30)
  const { methods, attemptsLeft } = (await start('email-otp')).body as Extract<StepUp, { status: 'open' }>
  expect(attemptsLeft).toBe(4)
  expect(methods[0]?.start).toMatchObject({ resendAt: NOW + 90 })
  const [former, newest] = service.inbox()
  expect(await attempt('email-otp', { code: former?.secret })).toMatchObject({ status: 422 })
  expect(await attempt('email-otp', { code: newest?.secret })).toMatchObject({ status: 200 })
})

test('if the mail cannot be sent the step-up opens all the same, who chooses it is told, and nothing is counted', async () => {
  const service = open({ away: ['mail'] })
  const { stepUp, way, start } = await begin(service)
  expect(way('email-otp').start).toBeUndefined()
  expect(await start('email-otp')).toMatchObject({ status: 503, body: { code: 'mail_unavailable' } })
  expect(stepUp.attemptsLeft).toBe(5)
})

test('no code is offered while a change of the address is noticed, nor if risk asks for more', async () => {
  const { stepUp } = await begin(open({ emailSuspendedUntil: NOW + 60 }))
  expect(stepUp.methods.map(({ method }) => method)).toEqual(['relogin'])
  const raised = await call(open({ risk: 'elevated' }), 'POST', '/v1/step-ups', { feature: 'reports.print' })
  expect(raised).toMatchObject({ status: 403, body: { code: 'enrollment_required' } })
})

test('signing in at the login provider: the opener learns of it from the service', async () => {
  const service = open({ email: null, loginProvider: 'login.example.com' })
  const { way } = await begin(service)
  expect(way('relogin')).toMatchObject({ hint: 'login.example.com' })
  expect(way('relogin')).not.toHaveProperty('why')
  const { url } = way('relogin').start as ReloginStart
  expect(new URL(url).searchParams.get('state')).toMatch(/^su_\d+\.[\w-]+$/)
  const token = () => call(service, 'POST', '/v1/tokens', { feature: 'reports.print' })
  expect(await token()).toMatchObject({ status: 401, body: { code: 'insufficient_user_authentication' } })
  await service.answerLogin(url)
  expect(await token()).toMatchObject({ status: 200 })
  expect(service.world().loginAt).toBe(NOW)
})

test('a login that was refused, belongs to another step-up or cannot be reached proves nothing', async () => {
  const service = open({ email: null, loginProvider: 'login.example.com' })
  const { way, start, attempt } = await begin(service)
  const { url } = way('relogin').start as ReloginStart
  await service.answerLogin(url, 'access_denied')
  expect(await attempt('relogin', { code: 'c', state: 'su_1.other' })).toMatchObject({ status: 409 })
  expect(await start('relogin')).toMatchObject({ status: 200 })
  expect(await attempt('relogin', { code: 'c', state: 'su_1.other' })).toMatchObject({ status: 422, body: { failure: 'login_invalid' } })
  service.given({ away: ['login'] })
  expect(await start('relogin')).toMatchObject({ status: 503, body: { code: 'login_unavailable' } })
  expect(service.world().proofs).toEqual([])
})

test('a security key counts as its maker vouches for it; each challenge is answered once', async () => {
  const key = authenticatorOf('security-key', { name: 'Blue key' })
  const service = open({ license: licenseOf('enterprise'), authenticators: [authenticatorOf('passkey'), key] })
  const { way, start, attempt } = await begin(service, 'payouts.approve')
  expect(way('security-key')).toEqual({ method: 'security-key', hint: 'Blue key' })
  await start('security-key')
  service.given({ refuses: { 'security-key': 'signature_invalid' } })
  expect(await attempt('security-key', {})).toMatchObject({ status: 422, body: { failure: 'signature_invalid' } })
  service.given({ refuses: {} })
  expect(await attempt('security-key', {})).toMatchObject({ status: 422, body: { failure: 'challenge_used' } })
  await start('security-key')
  expect(await attempt('security-key', {})).toMatchObject({ status: 200, body: { issued: { acr: 'phrh' } } })
})
