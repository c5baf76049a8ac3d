import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { testCertificate, testRoot } from '../../../certificates/certificates.test-support.ts'
import { type Lies, ORIGIN, RP_ID, type Signed, softAuthenticator } from '../authenticator.test-support.ts'
import { verifyRegistration } from '../registration.ts'
import {
  ANDROID,
  type AndroidLies,
  androidKey,
  appleAttestation,
  maker,
  selfAttestation,
  tpmAttestation,
  u2fAttestation,
} from './attestations.test-support.ts'

const rp = { rpId: RP_ID, rpName: 'App', origins: [ORIGIN] }
const challenge = randomBytes(32).toString('base64url')
const example = maker()
const other = maker('Another Root')
const root = testRoot('Platform Root')

const register = (lies: Lies, method: 'passkey' | 'security-key' = 'security-key') =>
  verifyRegistration({ response: softAuthenticator().register(challenge, lies), challenge, rp, method, userVerification: 'required' })
const evidenceOf = async (lies: Lies) => {
  const result = await register(lies)
  if (!result.ok) throw new Error(result.failure)
  return result.data.attestation
}
const REFUSED = { ok: false, failure: 'attestation_invalid' }

/** Other keys than the credential's. */
const foreign = (signed: Signed): Signed => ({ ...signed, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) })

describe('a security key', () => {
  test('is enrolled as one, with the word of its maker as evidence', async () => {
    const result = await register(example.attests())
    expect(result).toMatchObject({
      ok: true,
      level: 'phr',
      data: { method: 'security-key', aaguid: example.model, backupEligible: false, attestation: { format: 'packed' } },
    })
    const evidence = result.ok ? result.data.attestation : undefined
    expect(evidence?.certificates).toHaveLength(2)
    expect(evidence?.certificates[1]).toBe(Buffer.from(example.intermediate.der).toString('base64url'))
  })

  test('is enrolled as one also if only the key itself, or no maker, vouches for it', async () => {
    expect(await evidenceOf({})).toEqual({ format: 'none', certificates: [] })
    expect(await evidenceOf({ attestation: (signed) => selfAttestation(signed) })).toEqual({ format: 'packed', certificates: [] })
  })

  test('may attest as TPMs, Android and Apple do', async () => {
    expect(await evidenceOf({ attestation: (signed) => tpmAttestation(signed, root) })).toMatchObject({ format: 'tpm' })
    expect(await evidenceOf({ attestation: (signed) => androidKey(signed, root) })).toMatchObject({ format: 'android-key' })
    expect(await evidenceOf({ attestation: (signed) => appleAttestation(signed, root) })).toMatchObject({ format: 'apple' })
  })

  test('verifies its user, or is not enrolled', async () => {
    expect(await register({ ...example.attests(), uv: false })).toEqual({ ok: false, failure: 'user_verification_missing' })
  })

  test('enrolled as a passkey keeps no word of its maker: it is a passkey', async () => {
    const result = await register(example.attests(), 'passkey')
    expect(result).toMatchObject({ ok: true, data: { method: 'passkey' } })
    expect(result.ok && 'attestation' in result.data).toBe(false)
  })
})

describe('an attacker who makes up the word of a maker', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  test.each<[string, Lies]>([
    ['signs with a key of their own', example.attests({ signedWith: privateKey })],
    [
      'puts a certificate of the maker before a signature of another key',
      example.attests({ chain: () => [other.intermediate, example.root] }),
    ],
    ['lets a certificate authority attest', example.attests({ leaf: { ca: true } })],
    ['brings a certificate for another model', example.attests({ leaf: { aaguid: other.aaguid } })],
    ['brings a certificate that names its model in too few bytes', example.attests({ leaf: { aaguid: example.aaguid.subarray(0, 15) } })],
    ['brings a certificate whose model is critical', example.attests({ leaf: { aaguidCritical: true } })],
    ['says it is another model than the certificate', { ...example.attests(), aaguid: other.aaguid }],
    ['brings a certificate without extensions', example.attests({ leaf: { version: 1 } })],
    ['brings a web certificate', example.attests({ leaf: { subject: [['CN', 'www.example.com']] } })],
    ['brings a certificate that has expired', example.attests({ leaf: { to: 1_600_000_000 } })],
    ['brings a certificate that is not valid yet', example.attests({ leaf: { from: 2_200_000_000 } })],
    ['brings an empty chain', example.attests({ chain: () => [] })],
    ['brings a chain without end', example.attests({ chain: (leaf) => [leaf, ...Array.from({ length: 6 }, () => example.intermediate)] })],
    ['brings something else than certificates', example.attests({ statement: (stmt) => stmt.set('x5c', [new Uint8Array(40)]) })],
    ['brings a text for a chain', example.attests({ statement: (stmt) => stmt.set('x5c', 'x5c') })],
    ['names an algorithm that is none', example.attests({ statement: (stmt) => stmt.set('alg', 0) })],
    ['names another algorithm in a self attestation', { attestation: (signed) => selfAttestation(signed, -257) }],
    ['names ECDSA with another hash in a self attestation', { attestation: (signed) => selfAttestation(signed, -35) }],
    ['signs a self attestation with another key', { attestation: (signed) => selfAttestation(foreign(signed)) }],
    ['names an unknown format', { attestation: { fmt: 'compound', attStmt: new Map() } }],
    ['names a format in other letters', { attestation: { fmt: 'None', attStmt: new Map() } }],
    ['hides something in an empty statement', { attestation: { fmt: 'none', attStmt: new Map([['x5c', [example.root.der]]]) } }],
  ])('and %s is refused', async (_, lies) => {
    expect(await register(lies)).toEqual(REFUSED)
  })

  test('as a U2F key is refused: one that says it verified its user says what such a key cannot do', async () => {
    const u2f: Lies['attestation'] = (signed) => u2fAttestation(signed, testCertificate({ issuer: root }))
    expect(await register({ attestation: u2f })).toEqual(REFUSED)
    expect(await register({ attestation: u2f, uv: false })).toEqual({ ok: false, failure: 'user_verification_missing' })
  })

  test.each<[string, (signed: Signed) => AndroidLies]>([
    ['of another ceremony', () => ({ challenge: randomBytes(32) })],
    ['of another key', (signed) => ({ keys: foreign(signed) })],
    ['for every application', () => ({ software: [ANDROID.allApplications] })],
    ['for every application, says the hardware', () => ({ hardware: [ANDROID.sign, ANDROID.generated, ANDROID.allApplications] })],
    ['of a key that was imported', () => ({ hardware: [ANDROID.sign, ANDROID.imported] })],
    ['of a key that does not sign', () => ({ hardware: [ANDROID.generated] })],
    ['of a key that only software holds', () => ({ software: [ANDROID.sign, ANDROID.generated], hardware: [] })],
  ])('as Android %s is refused', async (_, lies) => {
    expect(await register({ attestation: (signed) => androidKey(signed, root, lies(signed)) })).toEqual(REFUSED)
  })

  test('as a TPM for another ceremony or another key is refused', async () => {
    expect(await register({ attestation: (signed) => tpmAttestation(signed, root, { extraData: randomBytes(32) }) })).toEqual(REFUSED)
    expect(await register({ attestation: (signed) => tpmAttestation(signed, root, { keys: foreign(signed) }) })).toEqual(REFUSED)
  })

  test('as Apple for another ceremony or another key is refused', async () => {
    expect(await register({ attestation: (signed) => appleAttestation(signed, root, { nonce: randomBytes(32) }) })).toEqual(REFUSED)
    expect(await register({ attestation: (signed) => appleAttestation(signed, root, { keys: foreign(signed) }) })).toEqual(REFUSED)
  })

  test('and names a place for revocation lists never makes the service ask there', async () => {
    let asked = 0
    const server = createServer((_, response) => {
      asked += 1
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const crl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.crl`
    const watching = testRoot('Watching Root', { crl })
    const leaf = testCertificate({ issuer: watching, crl })
    await register(example.attests({ leaf: { issuer: watching, crl }, chain: (certificate) => [certificate, watching] }))
    await register({ attestation: (signed) => u2fAttestation(signed, leaf) })
    await register({ attestation: (signed) => androidKey(signed, watching, { crl }) })
    await register({ attestation: (signed) => appleAttestation(signed, watching) })
    await new Promise((resolve) => server.close(resolve))
    expect(asked).toBe(0)
  })
})
