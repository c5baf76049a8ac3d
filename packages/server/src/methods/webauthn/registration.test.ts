import { randomBytes } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { testCertificate, testRoot } from '../../certificates/certificates.test-support.ts'
import { coseKey, keyPair, type Lies, ORIGIN, RP_ID, type Signed, softAuthenticator } from './authenticator.test-support.ts'
import { verifyRegistration } from './registration.ts'
import { androidKey, appleAttestation, selfAttestation, tpmAttestation, u2fAttestation } from './statement/attestations.test-support.ts'

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

  test('counts only as mfa if the user was not verified', async () => {
    expect(await register({ uv: false })).toMatchObject({ ok: true, level: 'mfa' })
  })

  test('is accepted from a password manager that pads what it sends, and kept under the id without padding', async () => {
    const device = softAuthenticator()
    const pad = (text: string): string => text + '='.repeat((4 - (text.length % 4)) % 4)
    const { id, rawId, response, ...rest } = device.register(challenge) as Readonly<{ id: string; rawId: string; response: object }>
    const members = Object.fromEntries(
      Object.entries(response).map(([name, value]) => [name, typeof value === 'string' ? pad(value) : value]),
    )
    const padded = { ...rest, id: pad(id), rawId: pad(rawId), response: members }
    expect(await verify(padded)).toMatchObject({
      ok: true,
      data: { credentialId: device.credentialId },
    })
  })

  test('is accepted from every configured origin', async () => {
    expect(await register({ origin: 'https://www.app.example' })).toMatchObject({ ok: true })
  })

  test('is accepted with a self attestation that is right', async () => {
    expect(await register({ attestation: (signed) => selfAttestation(signed) })).toMatchObject({ ok: true })
  })
})

describe('a passkey whose authenticator sends a statement that was not asked for', () => {
  const root = testRoot('Platform Root')
  const foreign = (signed: Signed): Signed => ({ ...signed, ...keyPair('ES256') })
  const wrong = (fmt: string) => ({ fmt, attStmt: new Map<string, unknown>([['sig', new Uint8Array(8)]]) })

  test.each<[string, Lies['attestation']]>([
    ['of Windows Hello', (signed) => tpmAttestation(signed, root)],
    ['of Android', (signed) => androidKey(signed, root)],
    ['of Apple', (signed) => appleAttestation(signed, root)],
    ['of an old U2F key', (signed) => u2fAttestation(signed, testCertificate({ issuer: root }))],
    ['of another key than its own', (signed) => tpmAttestation(signed, root, { keys: foreign(signed) })],
    ['that does not verify', wrong('packed')],
    ['of a TPM that says nothing', wrong('tpm')],
    ['of a format that was given up', wrong('android-safetynet')],
    ['of a format that is new', wrong('compound')],
    ['of an unknown format', wrong('example')],
    ['that should be empty', wrong('none')],
  ])('%s is enrolled, and nothing of the statement is kept', async (_, attestation) => {
    const result = await register({ uv: false, ...(attestation && { attestation }) })
    expect(result).toMatchObject({ ok: true, level: 'mfa', data: { method: 'passkey' } })
    expect(result.ok && 'attestation' in result.data).toBe(false)
  })

  test('counts for what the ceremony proved and nothing more: threat: a made-up statement makes it a hardware key', async () => {
    const result = await register({ attestation: (signed) => tpmAttestation(signed, root) })
    expect(result).toMatchObject({ ok: true, level: 'phr', data: { method: 'passkey' } })
  })

  test('threat: a statement covers for another site, challenge or key. Everything but the statement is checked as always', async () => {
    const attestation: Lies['attestation'] = (signed) => tpmAttestation(signed, root)
    const failures = [{ rpId: 'evil.test' }, { origin: 'https://evil.test' }, { challenge: 'AAAA' }, { up: false }, { id: 'AAAA' }]
    expect(await Promise.all(failures.map(async (lies) => (await register({ ...lies, attestation })).ok))).toEqual([
      ...failures.map(() => false),
    ])
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
    ['names no format', { attestation: { fmt: '', attStmt: new Map() } }, 'response_malformed'],
    ['names a format that is too long', { attestation: { fmt: 'x'.repeat(33), attStmt: new Map() } }, 'response_malformed'],
    ['names a format that breaks a line', { attestation: { fmt: 'none\n', attStmt: new Map() } }, 'response_malformed'],
    ['brings a statement that is no map', { attestation: { fmt: 'none', attStmt: [] as never } }, 'response_malformed'],
    [
      'brings more than an answer may have',
      { attestation: { fmt: 'tpm', attStmt: new Map([['x5c', new Uint8Array(12_288)]]) } },
      'response_malformed',
    ],
    ['brings client data that is no object', { clientData: () => '["webauthn.create"]' }, 'response_malformed'],
    ['brings client data that is no JSON', { clientData: (text) => `${text}}` }, 'response_malformed'],
  ])('and %s is refused', async (_, lies, failure) => {
    expect(await register(lies)).toEqual({ ok: false, failure })
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
    )
  })
})
