import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Certificate, readCertificate } from '../../certificates/certificate.ts'
import { anchorOf } from '../../certificates/chain.ts'
import type { AuthenticatorRecord } from '../../stores/store.ts'
import { verifyAuthentication } from './authentication.ts'
import { verifyRegistration } from './registration.ts'

/** The published vectors (WebAuthn L3 §16) as JSON, if they lie beside the checkout: they are no part of the project. */
const FILE = new URL('../../../../../../shared/vectors/webauthn-l3.json', import.meta.url)

type Ceremony = Readonly<Record<'challenge' | 'clientDataJSON' | 'attestationObject' | 'authenticatorData' | 'signature', string>>
type Case = Readonly<{ id: string; registration: Ceremony & Readonly<{ credential_id: string }>; authentication: Ceremony }>
type Vectors = Readonly<{ rpId: string; origin: string; cases: readonly Case[]; attestation_ca_cert: string }>

const vectors: Vectors | undefined = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : undefined
const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')
const nameOf = ({ id }: Case) => id.replace('sctn-test-vectors-', '')

/** Why a vector is refused here, if it is: frames of other origins, algorithms that are not taken, and what says less than the formats ask. */
const REFUSED: Readonly<Record<string, string>> = {
  'none-es256-crossOrigin': 'cross_origin',
  'none-es256-topOrigin': 'cross_origin',
  'packed-es384': 'response_malformed',
  'packed-es512': 'response_malformed',
  'packed-ed448': 'response_malformed',
  // no manufacturer has this number
  'tpm-es256': 'attestation_invalid',
  // neither made in hardware nor to sign, as §8.4 asks
  'android-key-es256': 'attestation_invalid',
  // U2F keys cannot verify their user, which a security key must
  'fido-u2f-es256': 'attestation_invalid',
}

describe.skipIf(vectors === undefined)('the published vectors', () => {
  const { rpId, origin, cases, attestation_ca_cert: ca } = vectors ?? { rpId: '', origin: '', cases: [], attestation_ca_cert: '' }
  const rp = { rpId, rpName: 'Example', origins: [origin] }

  function register({ registration: { challenge, clientDataJSON, attestationObject, credential_id: id } }: Case) {
    const response = { clientDataJSON: base64url(clientDataJSON), attestationObject: base64url(attestationObject), transports: [] }
    const credential = { id: base64url(id), rawId: base64url(id), type: 'public-key', clientExtensionResults: {}, response }
    return { credential, challenge: base64url(challenge) }
  }

  test.each(cases.map((each) => [nameOf(each), each] as const))('%s', async (name, each) => {
    const { credential, challenge } = register(each)
    const result = await verifyRegistration({ response: credential, challenge, rp, method: 'security-key', userVerification: 'preferred' })
    const failure = REFUSED[name]
    // of a passkey the statement says nothing
    const passkey = await verifyRegistration({ response: credential, challenge, rp, method: 'passkey', userVerification: 'preferred' })
    expect(passkey.ok).toBe(failure === undefined || failure === 'attestation_invalid')
    if (failure !== undefined) {
      expect(result).toEqual({ ok: false, failure })
      return
    }
    if (!result.ok) throw new Error(result.failure)

    const { data, level } = result
    const read = (bytes: Buffer) => readCertificate(new Uint8Array(bytes)) as Certificate
    const certificates = (data.attestation?.certificates ?? []).map((text) => read(Buffer.from(text, 'base64url')))
    const anchor = anchorOf({ certificates, anchors: [read(Buffer.from(ca, 'hex'))], at: 1_800_000_000 })
    expect(anchor !== undefined).toBe(certificates.length > 0)

    const record: AuthenticatorRecord = {
      id: 'auth_vector',
      subject: 'main|alice',
      level,
      name: 'Vector',
      createdAt: 1,
      boundBy: { method: 'login', level: 'session' },
      data,
    }
    const { authentication } = each
    const assertion = {
      clientDataJSON: base64url(authentication.clientDataJSON),
      authenticatorData: base64url(authentication.authenticatorData),
      signature: base64url(authentication.signature),
    }
    const proven = await verifyAuthentication({
      response: { id: data.credentialId, rawId: data.credentialId, type: 'public-key', clientExtensionResults: {}, response: assertion },
      challenge: base64url(authentication.challenge),
      credentials: [record],
      userHandle: '',
      rp,
      userVerification: 'preferred',
    })
    expect(proven).toMatchObject({ ok: true })
  })
})
