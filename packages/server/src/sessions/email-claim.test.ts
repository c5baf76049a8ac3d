import { expect, test } from 'vitest'
import { readSessionClaims } from './claims.ts'

const NOW = 1_800_000_000
const names = { subject: 'sub', session: 'sid', authTime: 'auth_time', acr: 'acr', amr: 'amr', actor: 'act.sub', emailVerified: 'mail_ok' }

const emailOf = (claims: object, email: string | undefined = 'mail') =>
  readSessionClaims({ sub: 'alice', ...claims }, { claims: { ...names, ...(email !== undefined && { email }) }, acrMap: {} }, NOW).email

test('an address is read by the names that the issuer uses, in the form that is compared', () => {
  expect(emailOf({ mail: ' Ada@EXAMPLE.com ', mail_ok: true })).toEqual({ address: 'Ada@example.com', verified: true })
  expect(emailOf({ mail: 'ada@example.com' })).toEqual({ address: 'ada@example.com', verified: false })
  expect(emailOf({ email: 'ada@example.com', email_verified: true })).toBeUndefined()
})

test.each(['true', 1, {}, [true], null, 'yes'])('threat: %j would count as verified', (value) => {
  expect(emailOf({ mail: 'ada@example.com', mail_ok: value })).toEqual({ address: 'ada@example.com', verified: false })
})

test.each([
  7,
  null,
  ['ada@example.com'],
  'Ada <ada@example.com>',
  'ada@example.com\r\nBcc: eve@example.com',
  'a@example.com,b@example.com',
])('threat: %j would count as an address', (value) => {
  expect(emailOf({ mail: value, mail_ok: true })).toBeUndefined()
})

test('an issuer that maps no claim names no address', () => {
  const claims = { ...names }
  expect(
    readSessionClaims({ sub: 'alice', email: 'a@example.com', email_verified: true }, { claims, acrMap: {} }, NOW).email,
  ).toBeUndefined()
})

test('the text "true" says so for an issuer that is known to write it, and no other text', () => {
  const options = { claims: { ...names, email: 'mail' }, acrMap: {}, emailVerifiedAsText: true }
  const verified = (mail_ok: unknown) => readSessionClaims({ sub: 'alice', mail: 'ada@example.com', mail_ok }, options, NOW).email?.verified
  expect([verified('true'), verified(true)]).toEqual([true, true])
  for (const value of ['false', 'TRUE', 'True', ' true', '1', 'yes', '', 1, {}, ['true'], false, null, undefined])
    expect(verified(value)).toBe(false)
})
