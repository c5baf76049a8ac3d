import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { AuthenticatorRecord } from '../../stores/store.ts'
import { verifyAuthentication } from './authentication.ts'
import { ORIGIN, RP_ID, softAuthenticator } from './authenticator.test-support.ts'
import { verifyRegistration } from './registration.ts'

const rp = { rpId: RP_ID, rpName: 'App', origins: [ORIGIN] }
const challenge = randomBytes(32).toString('base64url')

/** A signature of ES256 in DER: the contents of its two integers, which begin with a zero byte if their first bit is set. */
type Integers = Readonly<{ r: Buffer; s: Buffer }>

const integer = (digits: Buffer): Buffer => Buffer.concat([Buffer.from([0x02, digits.length]), digits])
const sequence = (...parts: Buffer[]): Buffer => Buffer.concat([Buffer.from([0x30, Buffer.concat(parts).length]), ...parts])
const right = ({ r, s }: Integers): Buffer => sequence(integer(r), integer(s))
const withLength = (der: Buffer, ...length: number[]): Buffer => Buffer.concat([der.subarray(0, 1), Buffer.from(length), der.subarray(2)])

/** Other ways to write the same two numbers, or nearly so. A reader of BER, or one that stops when it has enough, accepts them. */
const MALFORMED: Readonly<Record<string, (integers: Integers) => Buffer>> = {
  'an outer length in two bytes': (each) => withLength(right(each), 0x81, right(each).length - 2),
  'an indefinite length': (each) => Buffer.concat([withLength(right(each), 0x80), Buffer.alloc(2)]),
  'an inner length in two bytes': ({ r, s }) => sequence(withLength(integer(r), 0x81, r.length), integer(s)),
  'something after it': (each) => Buffer.concat([right(each), Buffer.alloc(1)]),
  'a third integer': ({ r, s }) => sequence(integer(r), integer(s), integer(s)),
  'an integer with a byte too many': ({ r, s }) => sequence(integer(Buffer.concat([Buffer.alloc(1), r])), integer(s)),
  'an integer without its sign byte': ({ r, s }) => sequence(integer(r.subarray(1)), integer(s)),
  'another outer tag': (each) => Buffer.concat([Buffer.from([0xb0]), right(each).subarray(1)]),
  'another inner tag': ({ r, s }) => sequence(Buffer.concat([Buffer.from([0x03]), integer(r).subarray(1)]), integer(s)),
  'a shorter outer length': (each) => withLength(right(each), right(each).length - 3),
  'a longer outer length': (each) => withLength(right(each), right(each).length - 1),
  'one integer': ({ r }) => sequence(integer(r)),
  'an empty integer': ({ s }) => sequence(integer(Buffer.alloc(0)), integer(s)),
  'the two numbers alone, as JWTs have them': ({ r, s }) =>
    Buffer.concat([r, s].map((digits) => Buffer.concat([Buffer.alloc(32), digits]).subarray(-32))),
  nothing: () => Buffer.alloc(0),
}

test.each(Object.keys(MALFORMED))('threat: one signature has a second form: %s', async (name) => {
  const device = softAuthenticator()
  const answer = device.register(challenge)
  const registered = await verifyRegistration({ response: answer, challenge, rp, method: 'passkey', userVerification: 'preferred' })
  if (!registered.ok) throw new Error(registered.failure)
  const record: AuthenticatorRecord = {
    id: 'auth_1',
    subject: 'demo|ada',
    level: 'phr',
    name: 'Passkey',
    createdAt: 1,
    boundBy: { method: 'login', level: 'session' },
    data: registered.data,
  }
  const verify = (response: unknown) =>
    verifyAuthentication({ response, challenge, credentials: [record], userHandle: 'AA', rp, userVerification: 'required' })

  // a first integer with a sign byte, which one form leaves out
  let assertion = device.assert(challenge)
  const responseOf = () => assertion.response as Readonly<Record<string, unknown>>
  const signatureOf = () => Buffer.from(String(responseOf().signature), 'base64url')
  while (signatureOf()[3] !== 33) assertion = device.assert(challenge)
  const der = signatureOf()
  const integers = { r: der.subarray(4, 37), s: der.subarray(39) }
  expect(right(integers)).toEqual(der)
  expect(await verify(assertion)).toMatchObject({ ok: true })

  const signature = (MALFORMED[name] as (integers: Integers) => Buffer)(integers).toString('base64url')
  const outcome = await verify({ ...assertion, response: { ...responseOf(), signature } })
  expect(outcome).toEqual({ ok: false, failure: name === 'nothing' ? 'response_malformed' : 'signature_invalid' })
})
