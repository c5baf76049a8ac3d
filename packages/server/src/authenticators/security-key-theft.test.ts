import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Lies, ORIGIN, softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import { attempt } from '../step-ups/index.ts'
import { problemOf, tally } from '../step-ups/world.test-support.ts'
import { byRoot, example, promptOf, RELATED, start } from './security-key.test-support.ts'

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
