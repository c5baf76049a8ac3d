import type { Registration } from '@stile/protocol'
import { expect, test } from 'vitest'
import { call, confirm, NOW, policy } from '../example.test-support.ts'
import { createTestService, type TestService } from '../service.ts'
import { createClock } from '../world/clock.ts'
import { authenticatorOf, licenseOf, type World } from '../world/world.ts'

const CODE = '0123-4567-89AB-CDEF'
const LOST = {
  license: licenseOf('pro'),
  authenticators: [authenticatorOf('totp')],
  email: 'ada@example.com',
  recoveryCodes: [CODE],
  recoveryCodesMadeAt: NOW - 60,
}

function open(given: Partial<World> = {}): TestService {
  return createTestService({ policy, clock: createClock(NOW), given: { ...LOST, ...given } })
}

const enrol = async (service: TestService) => {
  const begun = await call(service, 'POST', '/v1/authenticators/registrations', { method: 'totp' })
  if (begun.status !== 201) return begun
  const { id } = begun.body as Registration
  return call(service, 'POST', `/v1/authenticators/registrations/${id}`, { response: { code: '123456' } })
}
const redeem = (service: TestService, proof: object) => call(service, 'POST', '/v1/recovery', proof)

test('a code with a login of now opens the way to one authenticator, once', async () => {
  const service = open()
  expect(await enrol(service)).toMatchObject({ status: 401 })
  expect(await redeem(service, { code: 'ol23 4567-89ab cdef' })).toMatchObject({ status: 201, body: { expiresAt: NOW + 600 } })
  expect(await enrol(service)).toMatchObject({ status: 201, body: { boundBy: { method: 'recovery-code', level: 'session' } } })
  service.given({ proofs: [] })
  expect(await enrol(service)).toMatchObject({ status: 401 })
  expect(await redeem(service, { code: CODE })).toMatchObject({ status: 422, body: { code: 'recovery_failed' } })
  expect(service.inbox().map(({ about }) => about)).toEqual(['recovered', 'added'])
})

test('an old login has to be renewed, and the code is not used by it', async () => {
  const service = open({ loginAt: NOW - 301 })
  const refused = { code: 'insufficient_user_authentication', feature: 'stile:recovery', requirement: { methods: ['relogin'] } }
  expect(await redeem(service, { code: CODE })).toMatchObject({ status: 401, body: refused })
  service.given({ loginAt: NOW })
  expect(await redeem(service, { code: CODE })).toMatchObject({ status: 201 })
})

test('threat: recovery codes are guessed: they share the budget of all codes', async () => {
  const service = open({ guesses: 2 })
  for (const code of ['1', '2']) expect(await redeem(service, { code })).toMatchObject({ status: 422 })
  expect(await redeem(service, { code: CODE })).toMatchObject({ status: 429 })
})

test('a link is no guess: it counts while no code does any more', async () => {
  const service = open({ guesses: 1 })
  expect(await redeem(service, { code: '1' })).toMatchObject({ status: 422 })
  expect(await redeem(service, { link: 'x' })).toMatchObject({ status: 422 })
  expect(await redeem(service, { code: CODE })).toMatchObject({ status: 429 })
  expect(await redeem(service, { link: service.sendRecoveryLink() })).toMatchObject({ status: 201 })
})

test('what is enrolled is enough while risk is raised: no mail on top', async () => {
  const service = open({ risk: 'elevated' })
  expect(await enrol(service)).toMatchObject({ status: 401, body: { requirement: { level: 'mfa' } } })
  await confirm(service)
  service.advance(30)
  expect(await enrol(service)).toMatchObject({ status: 201 })
})

test('a link works once and for an hour, while risk is high too', async () => {
  const service = open({ risk: 'high' })
  const late = service.sendRecoveryLink()
  service.advance(3600)
  service.given({ loginAt: NOW + 3600 })
  expect(await redeem(service, { link: late })).toMatchObject({ status: 422 })
  expect(await redeem(service, { code: CODE })).toMatchObject({ status: 201 })
  expect(await enrol(service)).toMatchObject({ status: 403, body: { code: 'denied' } })
  const link = service.sendRecoveryLink()
  expect(await redeem(service, { link })).toMatchObject({ status: 201 })
  expect(await redeem(service, { link })).toMatchObject({ status: 422 })
  expect(await enrol(service)).toMatchObject({ status: 201, body: { boundBy: { method: 'admin' } } })
})

test('ten codes of eighty bits replace the former, and making them is gated', async () => {
  const service = open()
  expect(await call(service, 'POST', '/v1/recovery/codes', {})).toMatchObject({ status: 401 })
  await confirm(service)
  const { codes } = (await call(service, 'POST', '/v1/recovery/codes', {})).body as { codes: string[] }
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
  expect(await redeem(service, { code: CODE })).toMatchObject({ status: 422 })
  const status = { codesLeft: 10, help: 'your administrator', codesMadeAt: NOW, email: { hint: 'a•••@example.com' } }
  expect(await call(service, 'GET', '/v1/recovery')).toEqual({ status: 200, body: status })
})

test('if nothing is enrolled there is nothing to recover: no codes are made', async () => {
  const service = open({ authenticators: [] })
  expect(await call(service, 'POST', '/v1/recovery/codes', {})).toMatchObject({ status: 403, body: { code: 'denied' } })
})

test('while risk is raised the first authenticator needs a code by mail on top of the login', async () => {
  const service = open({ authenticators: [], risk: 'elevated' })
  expect(await enrol(service)).toMatchObject({ status: 401, body: { requirement: { methods: ['email-otp'] } } })
  service.given({ email: null })
  expect(await enrol(service)).toMatchObject({ status: 403, body: { detail: expect.stringContaining('Ask your administrator.') } })
})

test('a security key that cannot show its maker is enrolled all the same, and says why it counts for less', async () => {
  const service = open({ authenticators: [] })
  const { id } = (await call(service, 'POST', '/v1/authenticators/registrations', { method: 'security-key' })).body as Registration
  const made = await call(service, 'POST', `/v1/authenticators/registrations/${id}`, { response: {} })
  expect(made).toMatchObject({ status: 201, body: { method: 'security-key', level: 'phr', attestation: 'none', name: 'Security key' } })
  expect(await call(service, 'GET', '/v1/authenticators')).toMatchObject({ body: { webauthn: { credentialIds: [expect.any(String)] } } })
})
