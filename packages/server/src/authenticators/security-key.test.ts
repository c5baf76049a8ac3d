import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePolicy } from '@stile/policy'
import type { StepUp } from '@stile/protocol'
import { AuthenticatorEmulator, PasskeysCredentialsMemoryRepository, WebAuthnEmulator } from 'nid-webauthn-emulator'
import { describe, expect, onTestFinished, test } from 'vitest'
import { metadataSigner } from '../attestation/metadata.test-support.ts'
import { stateOf } from '../decisions/state.ts'
import { TEST_AUDIENCE } from '../domain.test-support.ts'
import { type Lies, ORIGIN, RP_ID, type SoftAuthenticator, softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import { type Maker, maker, selfAttestation } from '../methods/webauthn/statement/attestations.test-support.ts'
import type { ServiceOptions } from '../options/options.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt, startMethod, startStepUp } from '../step-ups/index.ts'
import { claimsOf, createWorld, issuedOf, problemOf, tally } from '../step-ups/world.test-support.ts'
import type { AuthenticatorRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { finishRegistration, listAuthenticators, startRegistration } from './index.ts'

const policy = definePolicy({
  format: 1,
  features: {
    view: {},
    export: { requires: { level: 'mfa', maxAge: '15m' } },
    approve: { requires: { level: 'phr', maxAge: '2m' } },
    seal: { requires: { level: 'phrh', maxAge: '2m' } },
    wire: { requires: { level: 'phrh', maxAge: '2m', bind: ['amount'] } },
  },
  tiers: { pro: { features: ['view', 'export', 'approve', 'seal', 'wire'] } },
  license: { none: { tier: 'pro' } },
})

const example = maker()
const UNLISTED = Buffer.alloc(16, 7)
const RELATED = 'https://app.example.org'

type Trust = NonNullable<ServiceOptions['webauthn']['attestation']>

const byRoot = ({ root, model }: Maker = example): Trust => ({ roots: [root.pem], aaguids: [model] })

async function start(attestation?: Trust) {
  const webauthn = { rpId: RP_ID, rpName: 'Example', origins: [ORIGIN], relatedOrigins: [RELATED], ...(attestation && { attestation }) }
  const world = await createWorld({ policy, options: { webauthn } })
  onTestFinished(() => world.close())
  const alice = await world.caller()
  const begin = async (by: Caller) => {
    const { id, start: options } = await startRegistration(world.domain, by, { method: 'security-key' })
    return { id, options: options as { challenge: string } & Record<string, unknown> }
  }
  return {
    ...world,
    alice,
    begin,
    async enrol(lies: Lies = example.attests(), device: SoftAuthenticator = softAuthenticator(), by = alice) {
      const { id, options } = await begin(by)
      const authenticator = await finishRegistration(world.domain, by, id, { response: device.register(options.challenge, lies) })
      return { device, authenticator }
    },
    open: (feature: string, more: object = {}, by = alice) => startStepUp(world.domain, by, { feature, ...more }),
    prove: (stepUp: StepUp, response: unknown, by = alice) => attempt(world.domain, by, stepUp.id, { method: 'security-key', response }),
  }
}

/** The options of the prompt that a step-up has started. */
function promptOf(stepUp: StepUp): { challenge: string } & Record<string, unknown> {
  const way = stepUp.status === 'open' ? stepUp.methods.find(({ method }) => method === 'security-key') : undefined
  if (way?.start === undefined) throw new Error('No security key was started.')
  return way.start as { challenge: string } & Record<string, unknown>
}

describe('enrolling a security key', () => {
  test('asks for a roaming authenticator that verifies its user and names its maker, and for none that is there already', async () => {
    const world = await start()
    const passkey = await world.enrolPasskey(world.alice)
    const { device } = await world.enrol()
    const { options } = await world.begin(world.alice)
    expect(options).toMatchObject({
      attestation: 'direct',
      hints: ['security-key'],
      authenticatorSelection: { authenticatorAttachment: 'cross-platform', residentKey: 'discouraged', userVerification: 'required' },
    })
    const excluded = options.excludeCredentials as { id: string }[]
    expect(excluded.map(({ id }) => id).sort()).toEqual([passkey.credentialId, device.credentialId].sort())
  })

  test.each<[string, Lies, string]>([
    ['without the word of its maker', {}, 'none'],
    ['with only its own word', { attestation: (signed) => selfAttestation(signed), aaguid: example.aaguid }, 'none'],
    ['from a maker that nobody trusts', maker('Unknown', example.aaguid).attests(), 'untrusted'],
    ['of a model that is not on the list', { ...example.attests({ leaf: { aaguid: UNLISTED } }), aaguid: UNLISTED }, 'not_allowed'],
    ['that can be copied', { ...example.attests(), be: true }, 'synced'],
  ])('%s is possible, and says why it counts as phr', async (_, lies, attestation) => {
    const world = await start(byRoot())
    const { authenticator } = await world.enrol(lies)
    expect(authenticator).toMatchObject({ method: 'security-key', level: 'phr', attestation, name: 'Security key' })
    const { authenticators } = await listAuthenticators(world.domain, world.alice)
    expect(authenticators).toMatchObject([{ level: 'phr', attestation }])
    expect((await problemOf(world.open('seal'))).code).toBe('enrollment_required')
    expect(await world.open('approve')).toMatchObject({ status: 'done' })
  })

  test('where nothing is configured counts as phr, whoever made it', async () => {
    const { enrol } = await start()
    expect((await enrol()).authenticator).toMatchObject({ level: 'phr', attestation: 'untrusted' })
  })

  test('whose maker contradicts itself is refused, and the enrolment is used up', async () => {
    const world = await start(byRoot())
    const { id, options } = await world.begin(world.alice)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const response = softAuthenticator().register(options.challenge, example.attests({ signedWith: privateKey }))
    expect(await problemOf(finishRegistration(world.domain, world.alice, id, { response }))).toMatchObject({
      failure: 'attestation_invalid',
    })
    expect((await problemOf(finishRegistration(world.domain, world.alice, id, { response }))).code).toBe('registration_expired')
  })

  test('as a passkey never reaches phrh, whatever its maker says', async () => {
    const world = await start(byRoot())
    const device = softAuthenticator()
    const { id, start: options } = await startRegistration(world.domain, world.alice, { method: 'passkey' })
    const response = device.register((options as { challenge: string }).challenge, example.attests())
    const authenticator = await finishRegistration(world.domain, world.alice, id, { response })
    expect(authenticator).toMatchObject({ method: 'passkey', level: 'phr' })
    expect(authenticator).not.toHaveProperty('attestation')
    expect((await problemOf(world.open('seal'))).code).toBe('enrollment_required')
  })

  test('by an independent authenticator works like any other, discoverable or not', async () => {
    const world = await start(byRoot())
    const browser = new WebAuthnEmulator(new AuthenticatorEmulator({ credentialsRepository: new PasskeysCredentialsMemoryRepository() }))
    for (const residentKey of ['discouraged', 'required']) {
      const { id, options } = await world.begin(world.alice)
      const asked = {
        ...options,
        excludeCredentials: [],
        authenticatorSelection: { ...(options.authenticatorSelection as object), residentKey },
      }
      const response = browser.createJSON(ORIGIN, asked as never)
      const authenticator = await finishRegistration(world.domain, world.alice, id, { response })
      expect(authenticator).toMatchObject({ method: 'security-key', level: 'phr', attestation: 'synced' })
      world.wait(121)
      const stepUp = await world.open('approve')
      expect(await world.prove(stepUp, browser.getJSON(ORIGIN, promptOf(stepUp) as never))).toMatchObject({ status: 'done' })
    }
  })

  test('is listed with all that the browser may keep, and nobody who acts for its owner is told', async () => {
    const world = await start(byRoot())
    const passkey = await world.enrolPasskey(world.alice)
    const { device } = await world.enrol()
    await world.enrolApp(world.alice)
    const { webauthn } = await listAuthenticators(world.domain, world.alice)
    const { options } = await world.begin(world.alice)
    expect(webauthn).toEqual({
      rpId: RP_ID,
      userId: (options.user as { id: string }).id,
      credentialIds: expect.arrayContaining([passkey.credentialId, device.credentialId]),
    })
    expect(webauthn?.credentialIds).toHaveLength(2)
    expect(await listAuthenticators(world.domain, await world.caller({ actor: 'support' }))).toEqual({ authenticators: [] })
  })

  test('that was enrolled before is refused, as a passkey too', async () => {
    const world = await start(byRoot())
    const { device } = await world.enrol()
    expect((await problemOf(world.enrol(example.attests(), device))).code).toBe('conflict')
    const { id, start: options } = await startRegistration(world.domain, world.alice, { method: 'passkey' })
    const response = device.register((options as { challenge: string }).challenge)
    expect((await problemOf(finishRegistration(world.domain, world.alice, id, { response }))).code).toBe('conflict')
  })
})

describe('a security key that its maker vouches for', () => {
  test('reaches phrh, by enrolment and by step-up, and the token says hwk', async () => {
    const world = await start(byRoot())
    const { device, authenticator } = await world.enrol()
    expect(authenticator).toMatchObject({ method: 'security-key', level: 'phrh', attestation: 'trusted' })
    world.wait()
    const stepUp = await world.open('seal')
    expect(promptOf(stepUp)).toMatchObject({
      userVerification: 'required',
      hints: ['security-key'],
      allowCredentials: [{ id: device.credentialId }],
    })
    const issued = issuedOf(await world.prove(stepUp, device.assert(promptOf(stepUp).challenge)))
    expect(claimsOf(issued)).toMatchObject({ acr: 'phrh', amr: ['hwk', 'user', 'mfa'], auth_time: world.clock.now() })
    const state = await stateOf(world.domain, await loadStanding(world.domain, world.alice), TEST_AUDIENCE)
    expect(state.decisions.seal).toMatchObject({ outcome: 'permit' })
    expect(state.authenticators).toMatchObject([{ level: 'phrh', attestation: 'trusted' }])
  })

  test('proves a bound operation at phrh', async () => {
    const world = await start(byRoot())
    const { device } = await world.enrol()
    const stepUp = await world.open('wire', { operation: { amount: '10.00' } })
    const issued = issuedOf(await world.prove(stepUp, device.assert(promptOf(stepUp).challenge)))
    expect(claimsOf(issued)).toMatchObject({ acr: 'phrh', amr: ['hwk', 'user', 'mfa'], authorization_details: [{ feature: 'wire' }] })
  })

  test('without user verification counts as mfa, and does not say user', async () => {
    const world = await start(byRoot())
    const { device } = await world.enrol()
    world.wait()
    const stepUp = await world.open('export')
    expect(promptOf(stepUp)).toMatchObject({ userVerification: 'preferred' })
    const issued = issuedOf(await world.prove(stepUp, device.assert(promptOf(stepUp).challenge, { uv: false })))
    expect(claimsOf(issued)).toMatchObject({ acr: 'urn:stile:acr:mfa', amr: ['pop', 'mfa'] })
  })

  test('is used from a related origin too', async () => {
    const world = await start(byRoot())
    const device = softAuthenticator()
    const { id, options } = await world.begin(world.alice)
    await finishRegistration(world.domain, world.alice, id, {
      response: device.register(options.challenge, { ...example.attests(), origin: RELATED }),
    })
    world.wait()
    const stepUp = await world.open('seal')
    expect(await world.prove(stepUp, device.assert(promptOf(stepUp).challenge, { origin: RELATED }))).toMatchObject({ status: 'done' })
  })

  test('that only counts as phr says pop', async () => {
    const world = await start()
    const { device } = await world.enrol()
    world.wait()
    const stepUp = await world.open('approve')
    const issued = issuedOf(await world.prove(stepUp, device.assert(promptOf(stepUp).challenge)))
    expect(claimsOf(issued)).toMatchObject({ acr: 'phr', amr: ['pop', 'user', 'mfa'] })
  })

  test('has a challenge of its own beside a passkey', async () => {
    const world = await start(byRoot())
    const passkey = await world.enrolPasskey(world.alice)
    const { device } = await world.enrol()
    world.wait()
    const { id } = await world.open('approve')
    const byKey = await startMethod(world.domain, world.alice, id, 'security-key')
    const byPasskey = await startMethod(world.domain, world.alice, id, 'passkey')
    const challenge = (byPasskey as Extract<StepUp, { status: 'open' }>).methods.find(({ method }) => method === 'passkey')?.start as {
      challenge: string
    }
    expect(challenge.challenge).not.toBe(promptOf(byKey).challenge)
    const wrong = { method: 'passkey', response: passkey.assert(promptOf(byKey).challenge) }
    expect(await problemOf(attempt(world.domain, world.alice, id, wrong))).toMatchObject({ failure: 'challenge_used' })
    expect(await world.prove(byKey, device.assert(promptOf(byKey).challenge))).toMatchObject({ status: 'done' })
  })
})

describe('a model that is revoked later', () => {
  async function withMetadata() {
    const directory = mkdtempSync(join(tmpdir(), 'stile-key-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const signer = metadataSigner()
    const path = join(directory, 'blob.jwt')
    const publish = (no: number, ...statuses: string[]) =>
      writeFileSync(path, signer.sign({ no, entries: [{ aaguid: example.model, roots: [example.root], statuses }] }))
    publish(1, 'FIDO_CERTIFIED_L1')
    const world = await start({ metadata: { path, root: signer.root.pem, refreshSeconds: 60 } })
    return {
      ...world,
      async revoke() {
        publish(2, 'FIDO_CERTIFIED_L1', 'REVOKED')
        world.clock.advance(60)
        await world.domain.attestation.refresh()
      },
    }
  }

  test('falls to phr at once, its proofs and tokens too', async () => {
    const world = await withMetadata()
    const { authenticator } = await world.enrol()
    expect(authenticator).toMatchObject({ level: 'phrh', attestation: 'trusted' })
    expect(await world.open('seal')).toMatchObject({ status: 'done' })
    await world.revoke()
    expect((await problemOf(world.open('seal'))).code).toBe('enrollment_required')
    const standing = await loadStanding(world.domain, world.alice)
    expect(standing.authenticators).toMatchObject([{ level: 'phr', attestation: 'revoked' }])
    expect(standing.proofs.map(({ method, level, amr }) => ({ method, level, amr }))).toEqual([
      { method: 'login', level: 'session', amr: ['pwd'] },
      { method: 'security-key', level: 'phr', amr: ['pop', 'user', 'mfa'] },
    ])
    const { token } = await stateOf(world.domain, standing, TEST_AUDIENCE)
    expect(claimsOf(token)).toMatchObject({ acr: 'phr', amr: ['pop', 'user', 'mfa'] })
    expect(JSON.stringify(claimsOf(token).proofs)).not.toContain('phrh')
  })

  test('while its step-up is open does not finish it', async () => {
    const world = await withMetadata()
    const { device } = await world.enrol()
    world.wait()
    const stepUp = await world.open('seal')
    await world.revoke()
    const problem = await problemOf(world.prove(stepUp, device.assert(promptOf(stepUp).challenge)))
    expect(problem.code).toBe('enrollment_required')
  })
})

test.each(['seal', 'wire'])('a model that is revoked while the answer for %s is judged is not let through', async (feature) => {
  const world = await start(byRoot())
  const { device } = await world.enrol()
  // so that there still is something that would do
  await world.enrol()
  world.wait()
  const stepUp = await world.open(feature, { operation: { amount: '10.00' } })
  let revoked = false
  const { store, attestation } = world.domain
  const touch: typeof store.authenticators.touch = async (input) => {
    revoked = true
    return store.authenticators.touch(input)
  }
  const domain: Domain = {
    ...world.domain,
    store: { ...store, authenticators: { ...store.authenticators, touch } },
    attestation: {
      ...attestation,
      judge: (record) => (revoked && isOf(record.data, device) ? 'revoked' : attestation.judge(record)),
    },
  }
  const body = { method: 'security-key', response: device.assert(promptOf(stepUp).challenge) }
  expect(await problemOf(attempt(domain, world.alice, stepUp.id, body))).toMatchObject({ code: 'attempt_failed', failure: 'level_too_low' })
})

function isOf(data: AuthenticatorRecord['data'], { credentialId }: SoftAuthenticator): boolean {
  return data.method !== 'totp' && data.credentialId === credentialId
}

describe('an attacker with a security key', () => {
  test.each<[string, Lies, string]>([
    ['on another site', { origin: 'https://evil.test' }, 'origin_mismatch'],
    ['on a site whose name begins like a related one', { origin: `${RELATED}.evil.test` }, 'origin_mismatch'],
    ['in a frame', { crossOrigin: true }, 'cross_origin'],
    ['in a frame that names its top', { topOrigin: ORIGIN }, 'cross_origin'],
    ['for another relying party', { rpId: 'evil.test' }, 'rp_mismatch'],
    ['without its PIN', { uv: false }, 'user_verification_missing'],
    ['that can be copied all of a sudden', { be: true }, 'credential_changed'],
    ['whose counter went back', { counter: 1 }, 'counter_regressed'],
    ['with the handle of another user', { userHandle: 'AAAA' }, 'user_handle_mismatch'],
    ['with the id of another credential', { id: 'AAAAAAAAAAAAAAAAAAAAAA' }, 'credential_unknown'],
    ['with another challenge', { challenge: 'AAAA' }, 'challenge_used'],
    ['with another key', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }, 'signature_invalid'],
  ])('%s is refused, and the prompt is used up', async (_, lies, failure) => {
    const world = await start(byRoot())
    const { device } = await world.enrol(example.attests(), softAuthenticator({ counter: 4 }))
    world.wait()
    const stepUp = await world.open('seal')
    const { challenge } = promptOf(stepUp)
    expect(await problemOf(world.prove(stepUp, device.assert(challenge, lies)))).toMatchObject({ code: 'attempt_failed', failure })
    expect(await problemOf(world.prove(stepUp, device.assert(challenge)))).toMatchObject({ failure: 'challenge_used' })
  })

  test('cannot use the answer of one step-up, session, device or subject for another', async () => {
    const world = await start(byRoot())
    const { device } = await world.enrol()
    world.wait()
    const [one, two] = [await world.open('seal'), await world.open('seal')]
    const answer = device.assert(promptOf(one).challenge)
    expect(await problemOf(world.prove(two, answer))).toMatchObject({ failure: 'challenge_used' })
    for (const by of [{ sub: 'mallory' }, { sid: 's2' }, { jkt: 'another' }])
      expect((await problemOf(world.prove(one, answer, await world.caller(by)))).code).toBe('step_up_expired')
    expect(await world.prove(one, answer)).toMatchObject({ status: 'done' })
    expect((await problemOf(world.prove(one, answer))).code).toBe('step_up_expired')
  })

  test('cannot use the key of another subject', async () => {
    const world = await start(byRoot())
    const { device } = await world.enrol()
    const mallory = await world.caller({ sub: 'mallory' })
    await world.enrol(example.attests(), softAuthenticator(), mallory)
    world.wait()
    const stepUp = await world.open('seal', {}, await world.caller({ sub: 'mallory' }))
    const answer = device.assert(promptOf(stepUp).challenge)
    expect(await problemOf(world.prove(stepUp, answer, mallory))).toMatchObject({ failure: 'credential_unknown' })
  })

  test('who answers many times at once is let in once', async () => {
    const world = await start(byRoot())
    const { device } = await world.enrol()
    world.wait()
    const stepUp = await world.open('seal')
    const answer = device.assert(promptOf(stepUp).challenge)
    const { won } = await tally(Array.from({ length: 20 }, () => world.prove(stepUp, answer)))
    expect(won).toBe(1)
  })

  test('who offers a passkey where hardware is asked for is not let in', async () => {
    const world = await start(byRoot())
    const passkey = await world.enrolPasskey(world.alice)
    await world.enrol()
    world.wait()
    const stepUp = await world.open('seal')
    const { challenge } = promptOf(stepUp)
    expect(await problemOf(world.prove(stepUp, passkey.assert(challenge)))).toMatchObject({ failure: 'credential_unknown' })
    const asPasskey = attempt(world.domain, world.alice, stepUp.id, { method: 'passkey', response: passkey.assert(challenge) })
    expect((await problemOf(asPasskey)).code).toBe('method_unavailable')
  })
})
