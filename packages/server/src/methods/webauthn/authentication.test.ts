import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AuthenticatorRecord, WebAuthnData } from '../../stores/store.ts'
import { verifyAuthentication } from './authentication.ts'
import { keyPair, type Lies, ORIGIN, RP_ID, type SoftAuthenticator, softAuthenticator } from './authenticator.test-support.ts'
import { verifyRegistration } from './registration.ts'

const rp = { rpId: RP_ID, rpName: 'App', origins: [ORIGIN] }
const challenge = randomBytes(32).toString('base64url')
const userHandle = randomBytes(32).toString('base64url')

let authenticator: SoftAuthenticator
let record: AuthenticatorRecord

async function enrolled(device: SoftAuthenticator, changes: Partial<WebAuthnData> = {}): Promise<AuthenticatorRecord> {
  const result = await verifyRegistration({
    response: device.register(challenge),
    challenge,
    rp,
    method: 'passkey',
    userVerification: 'preferred',
  })
  if (!result.ok) throw new Error(result.failure)
  return {
    id: `auth_${device.credentialId}`,
    subject: 'demo|ada',
    level: 'phr',
    name: 'Passkey',
    createdAt: 1,
    boundBy: { method: 'login', level: 'session' },
    data: { ...result.data, ...changes },
  }
}

const verify = (response: unknown, userVerification: 'required' | 'preferred' = 'required', credentials = [record]) =>
  verifyAuthentication({ response, challenge, credentials, userHandle, rp, userVerification })

type PaddedAnswer = Readonly<{ id: string; rawId: string; response: Readonly<Record<string, string>> }>
const pad = (text: string): string => text + '='.repeat((4 - (text.length % 4)) % 4)

beforeEach(async () => {
  authenticator = softAuthenticator({ counter: 4 })
  record = await enrolled(authenticator)
})

describe('an honest authentication', () => {
  test.each(['ES256', 'EdDSA', 'RS256'] as const)('is accepted with an %s key', async (algorithm) => {
    const device = softAuthenticator({ algorithm, synced: true })
    const own = await enrolled(device)
    expect(await verify(device.assert(challenge, { userHandle }), 'required', [record, own])).toMatchObject({
      ok: true,
      level: 'phr',
      authenticator: { id: own.id },
      expectedCounter: 0,
      counter: 0,
      backupState: true,
    })
  })

  test('is accepted from a password manager that pads what it sends', async () => {
    const { id, rawId, response, ...rest } = authenticator.assert(challenge, { userHandle }) as PaddedAnswer
    expect(id.length % 4).not.toBe(0)
    expect(await verify({ ...rest, id: pad(id), rawId, response })).toMatchObject({ ok: true, authenticator: { id: record.id } })
    const members = Object.fromEntries(Object.entries(response).map(([name, text]) => [name, pad(text)]))
    expect(await verify({ ...rest, id: pad(id), rawId: pad(rawId), response: members })).toMatchObject({ ok: true })
  })

  test('says which counter to replace by which', async () => {
    expect(await verify(authenticator.assert(challenge))).toMatchObject({ ok: true, expectedCounter: 4, counter: 5 })
  })

  test('without user verification counts as mfa if that will do', async () => {
    expect(await verify(authenticator.assert(challenge, { uv: false }), 'preferred')).toMatchObject({ ok: true, level: 'mfa' })
  })

  test('may tell that a synced passkey is no longer backed up', async () => {
    const device = softAuthenticator({ synced: true })
    const own = await enrolled(device)
    expect(await verify(device.assert(challenge, { bs: false }), 'required', [own])).toMatchObject({ ok: true, backupState: false })
  })
})

describe('an attacker who authenticates', () => {
  test.each<[string, Lies, string]>([
    ['answers another challenge', { challenge: randomBytes(32).toString('base64url') }, 'challenge_used'],
    ['answers with a registration', { type: 'webauthn.create' }, 'response_malformed'],
    ['comes from another origin', { origin: 'https://evil.test' }, 'origin_mismatch'],
    ['comes over plain http', { origin: 'http://app.example' }, 'origin_mismatch'],
    ['frames the page', { crossOrigin: true }, 'cross_origin'],
    ['frames the page without saying where', { crossOrigin: 1 }, 'cross_origin'],
    ['names a top origin alone', { topOrigin: ORIGIN }, 'cross_origin'],
    ['signs for another relying party', { rpId: 'evil.test' }, 'rp_mismatch'],
    ['is not present', { up: false }, 'user_verification_missing'],
    ['skips the PIN', { uv: false }, 'user_verification_missing'],
    ['says that what cannot be backed up is backed up', { bs: true }, 'response_malformed'],
    ['brings a credential that suddenly can be backed up', { be: true }, 'credential_changed'],
    ['brings a copy whose counter stood still', { counter: 4 }, 'counter_regressed'],
    ['brings a copy whose counter is older', { counter: 1 }, 'counter_regressed'],
    ['brings a copy without a counter', { counter: 0 }, 'counter_regressed'],
    ['names a credential of somebody else', { id: randomBytes(32).toString('base64url') }, 'credential_unknown'],
    ['names two ids', { rawId: randomBytes(32).toString('base64url') }, 'response_malformed'],
    ['brings a foreign user handle', { userHandle: randomBytes(32).toString('base64url') }, 'user_handle_mismatch'],
    ['signs with another key', { key: keyPair('ES256').privateKey }, 'signature_invalid'],
    ['changes the client data after it was signed', { clientData: (text) => ` ${text}` }, 'signature_invalid'],
  ])('and %s is refused', async (_, lies, failure) => {
    expect(await verify(authenticator.assert(challenge, lies))).toEqual({ ok: false, failure })
  })

  test('with the id of one credential and the signature of another is refused', async () => {
    const other = softAuthenticator()
    const credentials = [record, await enrolled(other)]
    expect(await verify(other.assert(challenge, { id: authenticator.credentialId }), 'required', credentials)).toMatchObject({ ok: false })
  })

  test('with a passkey of the subject that was not asked for is refused', async () => {
    const other = softAuthenticator()
    await enrolled(other)
    expect(await verify(other.assert(challenge))).toEqual({ ok: false, failure: 'credential_unknown' })
  })

  test.each(['==', '===', '=A', '%3D'])('and writes an id with %j at its end is refused', async (end) => {
    const answer = authenticator.assert(challenge)
    expect(await verify({ ...answer, id: `${answer.id}${end}`, rawId: `${answer.rawId}${end}` })).toEqual({
      ok: false,
      failure: 'response_malformed',
    })
  })

  test('and sends an answer of huge members is refused before they are decoded', async () => {
    const answer = authenticator.assert(challenge) as { response: object }
    const signature = 'A'.repeat(100_000)
    expect(await verify({ ...answer, response: { ...answer.response, signature } })).toEqual({ ok: false, failure: 'response_malformed' })
  })

  test('and sends anything at all never makes it throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.anything(), async (response, member) => {
        expect(await verify(response)).toMatchObject({ ok: false })
        expect(await verify({ ...authenticator.assert(challenge), response: member })).toMatchObject({ ok: false })
      }),
    )
  })

  test.each(['ES256', 'EdDSA', 'RS256'] as const)('and changes any byte of an %s answer is refused', async (algorithm) => {
    const device = softAuthenticator({ algorithm })
    const own = await enrolled(device)
    const answer = device.assert(challenge) as { response: Record<string, string> }
    for (const member of ['clientDataJSON', 'authenticatorData', 'signature']) {
      const bytes = Buffer.from(answer.response[member] as string, 'base64url')
      for (const [at, byte] of bytes.entries()) {
        // each bit of the first bytes, where forms are read; one of each other byte, where only the signature stands
        for (const bit of at < 8 ? [1, 2, 4, 8, 16, 32, 64, 128] : [1]) {
          bytes[at] = byte ^ bit
          const response = { ...answer.response, [member]: bytes.toString('base64url') }
          expect(await verify({ ...answer, response }, 'required', [own]), `${member}[${at}] ^ ${bit}`).toMatchObject({ ok: false })
        }
        bytes[at] = byte
      }
    }
  })
})
