import { createHash, type KeyObject, sign } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { verifyAuthenticationResponse } from '@simplewebauthn/server'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { AuthenticatorRecord } from '../../stores/store.ts'
import { verifyAuthentication } from './authentication.ts'
import { coseKey, keyPair, ORIGIN, RP_ID } from './authenticator.test-support.ts'
import { verifyRegistration } from './registration.ts'

// RSA signatures on a busy machine
vi.setConfig({ testTimeout: 60_000 })

type Credential = Readonly<{ algorithm: 'ES256' | 'EdDSA' | 'RS256'; id: string; privateKey: KeyObject; publicKey: Uint8Array }>

/** Everything of an assertion that a browser, an authenticator or an attacker decides. */
type Assertion = Readonly<{
  credential: Credential
  /** The client data before it is signed, as JSON members. */
  client: Readonly<Record<string, unknown>>
  /** Around the JSON of the client data, before it is signed. */
  padding: readonly [string, string]
  rpId: string
  flags: number
  counter: number
  /** Bytes after the counter, before they are signed. */
  extensions: Uint8Array
  signer: Credential
  /** Changes the response after it was signed. */
  after: (response: Answer) => Answer
}>

/** An `AuthenticationResponseJSON`, or what somebody made of it. */
type Answer = Readonly<
  { id: unknown; rawId: unknown; type: unknown; response: Readonly<Record<string, unknown>> } & Record<string, unknown>
>

/** What both are asked for. */
type Expected = Readonly<{ counter: number; backupEligible: boolean; userVerification: 'required' | 'preferred' }>

const CHALLENGE = Buffer.alloc(32, 7).toString('base64url')
const USER_HANDLE = Buffer.alloc(32, 9).toString('base64url')
const rp = { rpId: RP_ID, rpName: 'App', origins: [ORIGIN] }
const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()

const credentials = (['ES256', 'ES256', 'EdDSA', 'RS256'] as const).map((algorithm, place): Credential => {
  const { privateKey, publicKey } = keyPair(algorithm)
  return { algorithm, id: Buffer.alloc(32, place + 1).toString('base64url'), privateKey, publicKey: coseKey(publicKey) }
})

function answerOf({ credential, client, padding, rpId, flags, counter, extensions, signer, after }: Assertion): Answer {
  const text = Buffer.from(`${padding[0]}${JSON.stringify(client)}${padding[1]}`)
  const count = Buffer.alloc(4)
  count.writeUInt32BE(counter)
  const data = Buffer.concat([sha256(rpId), Buffer.from([flags]), count, extensions])
  const signature = sign(signer.algorithm === 'EdDSA' ? null : 'sha256', Buffer.concat([data, sha256(text)]), signer.privateKey)
  return after({
    id: credential.id,
    rawId: credential.id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON: text.toString('base64url'),
      authenticatorData: data.toString('base64url'),
      signature: signature.toString('base64url'),
    },
  })
}

async function oursAccepts(response: Answer, { id, publicKey }: Credential, expected: Expected): Promise<boolean> {
  const record: AuthenticatorRecord = {
    id: 'auth_differential',
    subject: 'main|alice',
    level: 'phr',
    name: 'Key',
    createdAt: 1,
    boundBy: { method: 'login', level: 'session' },
    data: {
      method: 'passkey',
      credentialId: id,
      publicKey: Buffer.from(publicKey).toString('base64url'),
      counter: expected.counter,
      transports: [],
      aaguid: '00000000-0000-0000-0000-000000000000',
      backupEligible: expected.backupEligible,
      backupState: false,
    },
  }
  const { userVerification } = expected
  const options = { response, challenge: CHALLENGE, credentials: [record], userHandle: USER_HANDLE, rp, userVerification }
  return (await verifyAuthentication(options)).ok
}

async function libraryAccepts(response: Answer, { id, publicKey }: Credential, expected: Expected): Promise<boolean> {
  try {
    const { verified } = await verifyAuthenticationResponse({
      response: response as never,
      expectedChallenge: CHALLENGE,
      expectedOrigin: [ORIGIN],
      expectedRPID: RP_ID,
      credential: { id, publicKey: new Uint8Array(publicKey), counter: expected.counter },
      requireUserVerification: expected.userVerification === 'required',
    })
    return verified
  } catch {
    return false
  }
}

const FLAGS = { up: 1, uv: 4, be: 8, bs: 16, at: 64, ed: 128 } as const

/** One lie about an honest assertion. */
const lies: fc.Arbitrary<Partial<Assertion>> = fc.oneof(
  fc.record({ rpId: fc.constantFrom('evil.test', `www.${RP_ID}`, '') }),
  fc.record({ flags: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ flags: fc.subarray(Object.values(FLAGS)).map((bits) => bits.reduce<number>((sum, bit) => sum | bit, 0)) }),
  // the one before, the same and the one after: a copied key shows in no other way
  { weight: 3, arbitrary: fc.record({ counter: fc.constantFrom(0, 1, 4, 5, 6, 0xffffffff) }) },
  // {}, {"a": 1}, a number, half a map, and zeros
  fc.record({
    extensions: fc.constantFrom([0xa0], [0xa1, 0x61, 0x61, 0x01], [0x01], [0xa1], [0, 0, 0]).map((list) => Uint8Array.from(list)),
  }),
  fc.record({ signer: fc.constantFrom(...credentials) }),
  fc.record({ padding: fc.tuple(fc.constantFrom('', ' ', '\ufeff', '[', '{}'), fc.constantFrom('', '\n', ' ', 'x', '\0')) }),
)

/** One member of the client data that is not what a browser says; it is signed. `tokenBinding` has a test of its own. */
const clientLies: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  fc.record({ type: fc.oneof(fc.constant('webauthn.create'), fc.constant('webauthn.get '), fc.jsonValue({ maxDepth: 1 })) }),
  fc.record({ challenge: fc.oneof(fc.constant(`${CHALLENGE}=`), fc.constant(''), fc.jsonValue({ maxDepth: 1 })) }),
  fc.record({
    origin: fc.oneof(fc.constant(`${ORIGIN}/`), fc.constant('https://evil.test'), fc.constant([ORIGIN]), fc.jsonValue({ maxDepth: 1 })),
  }),
  fc.record({ crossOrigin: fc.oneof(fc.constantFrom(true, false, 0, 1, null), fc.jsonValue({ maxDepth: 1 })) }),
  fc.record({ topOrigin: fc.oneof(fc.constantFrom(ORIGIN, '', null), fc.jsonValue({ maxDepth: 1 })) }),
  fc.dictionary(fc.stringMatching(/^x[a-z]{0,8}$/), fc.jsonValue({ maxDepth: 1 })),
)

/** One change of the response after it was signed. */
const afterwards: fc.Arbitrary<(response: Answer) => Answer> = fc.oneof(
  fc.tuple(fc.constantFrom('id', 'rawId', 'type', 'clientExtensionResults', 'response'), fc.jsonValue({ maxDepth: 1 })).map(
    ([member, value]) =>
      (answer: Answer) =>
        ({ ...answer, [member]: value }) as Answer,
  ),
  fc
    .tuple(fc.constantFrom('clientDataJSON', 'authenticatorData', 'signature', 'userHandle'), fc.jsonValue({ maxDepth: 1 }))
    .map(([member, value]) => (answer: Answer) => ({ ...answer, response: { ...answer.response, [member]: value } })),
  fc
    .constantFrom(USER_HANDLE, '', CHALLENGE)
    .map((userHandle) => (answer: Answer) => ({ ...answer, response: { ...answer.response, userHandle } })),
  fc
    .tuple(fc.constantFrom('clientDataJSON', 'authenticatorData', 'signature'), fc.nat(), fc.integer({ min: 1, max: 255 }))
    .map(([member, at, bits]) =>
      changed(member, (bytes) => bytes.map((byte, place) => (place === at % bytes.length ? byte ^ bits : byte))),
    ),
  fc
    .tuple(fc.constantFrom('clientDataJSON', 'authenticatorData', 'signature'), fc.nat({ max: 300 }))
    .map(([member, length]) => changed(member, (bytes) => bytes.subarray(0, length))),
  fc
    .tuple(fc.constantFrom('clientDataJSON', 'authenticatorData', 'signature'), fc.uint8Array({ minLength: 1, maxLength: 8 }))
    .map(([member, more]) => changed(member, (bytes) => Buffer.concat([bytes, more]))),
  // another way to write the same signature in DER: a longer length, or a needless zero before an integer
  fc.constantFrom(
    changed('signature', (bytes) => Buffer.concat([bytes.subarray(0, 1), Buffer.from([0x81]), bytes.subarray(1)])),
    changed('signature', (bytes) =>
      Buffer.concat([Buffer.from([0x30, (bytes[1] ?? 0) + 1, 0x02, (bytes[3] ?? 0) + 1, 0]), bytes.subarray(4)]),
    ),
  ),
)

function changed(member: string, change: (bytes: Buffer) => Uint8Array): (answer: Answer) => Answer {
  return (answer) => {
    const bytes = Buffer.from(`${answer.response[member] ?? ''}`, 'base64url')
    return { ...answer, response: { ...answer.response, [member]: Buffer.from(change(bytes)).toString('base64url') } }
  }
}

const expectations: fc.Arbitrary<Expected> = fc.record({
  counter: fc.constantFrom(0, 5),
  backupEligible: fc.boolean(),
  userVerification: fc.constantFrom('required', 'preferred'),
})

const cases = fc
  .record({
    credential: fc.constantFrom(...credentials),
    expected: expectations,
    verified: fc.boolean(),
    backedUp: fc.boolean(),
    lies: fc.array(lies, { maxLength: 1 }),
    clientLies: fc.array(clientLies, { maxLength: 1 }),
    afterwards: fc.array(afterwards, { maxLength: 1 }),
  })
  .map(({ credential, expected, verified, backedUp, ...told }) => {
    const { counter, backupEligible } = expected
    const honest: Assertion = {
      credential,
      client: { type: 'webauthn.get', challenge: CHALLENGE, origin: ORIGIN, crossOrigin: false },
      padding: ['', ''],
      rpId: RP_ID,
      flags: FLAGS.up | (verified ? FLAGS.uv : 0) | (backupEligible ? FLAGS.be : 0) | (backupEligible && backedUp ? FLAGS.bs : 0),
      counter: counter === 0 ? 0 : counter + 1,
      extensions: new Uint8Array(),
      signer: credential,
      after: (answer) => answer,
    }
    const changes = Object.assign({}, ...told.lies) as Partial<Assertion>
    const client = Object.assign({}, honest.client, ...told.clientLies) as Assertion['client']
    const after = (answer: Answer) => told.afterwards.reduce((sum, change) => change(sum), answer)
    return { credential, expected, assertion: { ...honest, ...changes, client, after } }
  })

describe('threat: an assertion that the library would refuse gets in, because the check here is our own', () => {
  test('over generated assertions, honest and not: the library accepts all that is accepted here', async () => {
    const seen = { accepted: 0, refused: 0, onlyLibrary: 0 }
    await fc.assert(
      fc.asyncProperty(cases, async ({ credential, expected, assertion }) => {
        const answer = answerOf(assertion)
        const [ours, theirs] = [await oursAccepts(answer, credential, expected), await libraryAccepts(answer, credential, expected)]
        seen[ours ? 'accepted' : 'refused'] += 1
        if (theirs && !ours) seen.onlyLibrary += 1
        expect(ours && !theirs, JSON.stringify(answer)).toBe(false)
      }),
      { numRuns: 1500 },
    )
    // a test that accepts nothing, or refuses nothing, would say nothing
    expect(seen.accepted).toBeGreaterThan(100)
    expect(seen.refused).toBeGreaterThan(100)
    expect(seen.onlyLibrary).toBeGreaterThan(0)
  })

  test.each(credentials)('an honest $algorithm assertion is accepted by both', async (credential) => {
    const expected: Expected = { counter: 5, backupEligible: true, userVerification: 'required' }
    const answer = answerOf({
      credential,
      client: { type: 'webauthn.get', challenge: CHALLENGE, origin: ORIGIN, crossOrigin: false },
      padding: ['', ''],
      rpId: RP_ID,
      flags: FLAGS.up | FLAGS.uv | FLAGS.be,
      counter: 6,
      extensions: new Uint8Array(),
      signer: credential,
      after: (answer) => answer,
    })
    expect(await oursAccepts(answer, credential, expected)).toBe(true)
    expect(await libraryAccepts(answer, credential, expected)).toBe(true)
  })

  test('the one known difference is a signed member that Level 3 only reserves: tokenBinding decides nothing here', async () => {
    const credential = credentials[0] as Credential
    const expected: Expected = { counter: 0, backupEligible: false, userVerification: 'required' }
    const answer = answerOf({
      credential,
      client: { type: 'webauthn.get', challenge: CHALLENGE, origin: ORIGIN, crossOrigin: false, tokenBinding: { status: 'unheard of' } },
      padding: ['', ''],
      rpId: RP_ID,
      flags: FLAGS.up | FLAGS.uv,
      counter: 0,
      extensions: new Uint8Array(),
      signer: credential,
      after: (answer) => answer,
    })
    expect(await oursAccepts(answer, credential, expected)).toBe(true)
    expect(await libraryAccepts(answer, credential, expected)).toBe(false)
  })
})

/** The published vectors (WebAuthn L3 §16) as JSON, if they lie beside the checkout: they are no part of the project. */
const FILE = new URL('../../../../../../shared/vectors/webauthn-l3.json', import.meta.url)

type Ceremony = Readonly<Record<'challenge' | 'clientDataJSON' | 'attestationObject' | 'authenticatorData' | 'signature', string>>
type Vector = Readonly<{ id: string; registration: Ceremony & Readonly<{ credential_id: string }>; authentication: Ceremony }>

describe.skipIf(!existsSync(FILE))('the published assertions', () => {
  const {
    rpId,
    origin,
    cases: vectors,
  }: { rpId: string; origin: string; cases: Vector[] } = existsSync(FILE)
    ? JSON.parse(readFileSync(FILE, 'utf8'))
    : { rpId: '', origin: '', cases: [] }
  const party = { rpId, rpName: 'Example', origins: [origin] }
  const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')

  test.each(vectors.map((each) => [each.id, each] as const))('%s: the library accepts it if it is accepted here', async (_, vector) => {
    const { registration, authentication } = vector
    const id = base64url(registration.credential_id)
    const credential = { id, rawId: id, type: 'public-key' as const, clientExtensionResults: {} }
    const enrolled = await verifyRegistration({
      response: {
        ...credential,
        response: { clientDataJSON: base64url(registration.clientDataJSON), attestationObject: base64url(registration.attestationObject) },
      },
      challenge: base64url(registration.challenge),
      rp: party,
      method: 'security-key',
      userVerification: 'preferred',
    })
    // a key that cannot be enrolled cannot be accepted
    if (!enrolled.ok) return
    const response = {
      ...credential,
      response: {
        clientDataJSON: base64url(authentication.clientDataJSON),
        authenticatorData: base64url(authentication.authenticatorData),
        signature: base64url(authentication.signature),
      },
    }
    const record: AuthenticatorRecord = {
      id: 'auth_vector',
      subject: 'main|alice',
      level: enrolled.level,
      name: 'Vector',
      createdAt: 1,
      boundBy: { method: 'login', level: 'session' },
      data: enrolled.data,
    }
    const challenge = base64url(authentication.challenge)
    const ours = await verifyAuthentication({
      response,
      challenge,
      credentials: [record],
      userHandle: '',
      rp: party,
      userVerification: 'preferred',
    })
    expect(ours.ok).toBe(true)
    const { publicKey, counter } = enrolled.data
    const theirs = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: [origin],
      expectedRPID: rpId,
      credential: { id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter },
      requireUserVerification: false,
    })
    expect(theirs.verified).toBe(true)
  })
})
