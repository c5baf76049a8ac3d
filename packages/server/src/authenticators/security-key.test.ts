import { generateKeyPairSync } from 'node:crypto'
import type { StepUp } from '@stile/protocol'
import { AuthenticatorEmulator, PasskeysCredentialsMemoryRepository, WebAuthnEmulator } from 'nid-webauthn-emulator'
import { describe, expect, test } from 'vitest'
import { stateOf } from '../decisions/state.ts'
import { TEST_AUDIENCE } from '../domain.test-support.ts'
import { type Lies, ORIGIN, RP_ID, softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import { maker, selfAttestation } from '../methods/webauthn/statement/attestations.test-support.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt, startMethod } from '../step-ups/index.ts'
import { claimsOf, issuedOf, problemOf } from '../step-ups/world.test-support.ts'
import { finishRegistration, listAuthenticators, startRegistration } from './index.ts'
import { byRoot, example, promptOf, RELATED, start } from './security-key.test-support.ts'

const UNLISTED = Buffer.alloc(16, 7)

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

  test('if nothing is configured counts as phr, whoever made it', async () => {
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
    const { id, start: options } = await world.confirmed(world.alice, () =>
      startRegistration(world.domain, world.alice, { method: 'passkey' }),
    )
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
      world.hold(world.alice, {
        method: 'security-key',
        answer: (asked) => browser.getJSON(ORIGIN, promptOf(asked) as never),
      })
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
    const { id, start: options } = await world.confirmed(world.alice, () =>
      startRegistration(world.domain, world.alice, { method: 'passkey' }),
    )
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
