import { randomBytes } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { testCertificate, testRoot } from '../../certificates/certificates.test-support.ts'
import { coseKey, keyPair, type Lies, ORIGIN, RP_ID, softAuthenticator } from './authenticator.test-support.ts'
import { verifyRegistration } from './registration.ts'
import { selfAttestation, u2fAttestation } from './statement/attestations.test-support.ts'

const rp = { rpId: RP_ID, rpName: 'App', origins: [ORIGIN, 'https://www.app.example'] }
const challenge = randomBytes(32).toString('base64url')

const verify = (response: unknown) => verifyRegistration({ response, challenge, rp, method: 'passkey', userVerification: 'preferred' })
const register = (lies: Lies = {}) => verify(softAuthenticator().register(challenge, lies))

describe('an honest registration', () => {
  test.each(['ES256', 'EdDSA', 'RS256'] as const)('is accepted with an %s key, and says what to remember', async (algorithm) => {
    const authenticator = softAuthenticator({ algorithm, synced: true })
    const result = await verify(authenticator.register(challenge))
    expect(result).toMatchObject({
      ok: true,
      level: 'phr',
      data: {
        method: 'passkey',
        credentialId: authenticator.credentialId,
        counter: 0,
        backupEligible: true,
        backupState: true,
        transports: ['internal'],
        aaguid: '00000000-0000-0000-0000-000000000000',
      },
    })
  })

  test('counts only as mfa where the user was not verified', async () => {
    expect(await register({ uv: false })).toMatchObject({ ok: true, level: 'mfa' })
  })

  test('is accepted from every configured origin', async () => {
    expect(await register({ origin: 'https://www.app.example' })).toMatchObject({ ok: true })
  })

  test('is accepted with a self attestation that is right', async () => {
    expect(await register({ attestation: (signed) => selfAttestation(signed) })).toMatchObject({ ok: true })
  })
})

describe('an attacker who registers', () => {
  test.each<[string, Lies, string]>([
    ['answers another challenge', { challenge: randomBytes(32).toString('base64url') }, 'challenge_used'],
    ['answers with an assertion', { type: 'webauthn.get' }, 'response_malformed'],
    ['comes from another origin', { origin: 'https://app.example.evil.test' }, 'origin_mismatch'],
    ['comes from a longer origin', { origin: `${ORIGIN}:8443` }, 'origin_mismatch'],
    ['frames the page', { crossOrigin: true }, 'cross_origin'],
    ['frames the page and says it in another way', { crossOrigin: 'true' }, 'cross_origin'],
    ['names a top origin', { topOrigin: 'https://evil.test' }, 'cross_origin'],
    ['registers for another relying party', { rpId: 'evil.test' }, 'rp_mismatch'],
    ['is not present', { up: false }, 'user_verification_missing'],
    ['says that what cannot be backed up is backed up', { be: false, bs: true }, 'response_malformed'],
    ['names another credential than the one signed', { id: randomBytes(32).toString('base64url') }, 'credential_unknown'],
    ['names two ids', { rawId: randomBytes(32).toString('base64url') }, 'response_malformed'],
    ['chooses an id that is too long', { credentialId: randomBytes(1024) }, 'response_malformed'],
    ['chooses an id that is too short', { credentialId: randomBytes(8) }, 'response_malformed'],
    ['brings an attestation that we never asked for', { attestation: { fmt: 'apple', attStmt: new Map() } }, 'attestation_invalid'],
    ['hides something in an empty attestation', { attestation: { fmt: 'none', attStmt: new Map([['x', 1]]) } }, 'attestation_invalid'],
    ['brings client data that is no object', { clientData: () => '["webauthn.create"]' }, 'response_malformed'],
    ['brings client data that is no JSON', { clientData: (text) => `${text}}` }, 'response_malformed'],
  ])('and %s is refused', async (_, lies, failure) => {
    expect(await register(lies)).toEqual({ ok: false, failure })
  })

  test('with an attestation of another format is refused even where that is right: nobody asked, and some need the network', async () => {
    const leaf = testCertificate({ issuer: testRoot('Root') })
    expect(await register({ attestation: (signed) => u2fAttestation(signed, leaf) })).toEqual({ ok: false, failure: 'attestation_invalid' })
  })

  test.each<[string, Uint8Array]>([
    ['of a curve we do not take', coseKey(keyPair('ES384').publicKey)],
    ['that is RSA of 1024 bits', coseKey(keyPair('RS256-1024').publicKey)],
    ['that claims another algorithm than its type', coseKey(keyPair('EdDSA').publicKey, [[3, -7]])],
    ['that is ECDSA with SHA-1 of RSA', coseKey(keyPair('RS256').publicKey, [[3, -65535]])],
    ['that is a point beside the curve', coseKey(keyPair('ES256').publicKey, [[-3, new Uint8Array(32).fill(1)]])],
    ['that is no map', isoCBOR.encode('key' as never)],
  ])('with a key %s is refused', async (_, publicKey) => {
    expect(await register({ publicKey })).toEqual({ ok: false, failure: 'response_malformed' })
  })

  test('and sends anything at all never makes it throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (response) => {
        expect(await verify(response)).toMatchObject({ ok: false })
      }),
      { numRuns: 200 },
    )
  })

  test('and changes any byte of the attestation object never makes it throw', async () => {
    const answer = softAuthenticator().register(challenge) as { response: Record<string, string> }
    const bytes = Buffer.from(answer.response.attestationObject as string, 'base64url')
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(bytes)
        changed.writeUInt8(changed.readUInt8(at) ^ change, at)
        const result = await verify({ ...answer, response: { ...answer.response, attestationObject: changed.toString('base64url') } })
        expect(typeof result.ok).toBe('boolean')
      }),
      { numRuns: 300 },
    )
  })
})
