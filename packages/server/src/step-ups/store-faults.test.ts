import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Caller } from '../sessions/caller.ts'
import type { Store } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { attempt, startStepUp } from './index.ts'
import { type App, challengeOf, createWorld, type Passkey, type World } from './world.test-support.ts'

let world: World
let caller: Caller
let app: App
let passkey: Passkey
beforeEach(async () => {
  world = await createWorld()
  caller = await world.caller()
  app = await world.enrolApp(caller)
  passkey = await world.enrolPasskey(caller)
  world.wait()
})
afterEach(() => world.close())

/** The domain on a store of which one verb fails. */
function failing<R extends keyof Store>(part: R, verb: keyof Store[R]): Domain {
  const fails = async () => {
    throw new Error('disk I/O error')
  }
  return { ...world.domain, store: { ...world.domain.store, [part]: { ...(world.domain.store[part] as object), [verb]: fails } } }
}

describe('if the store fails, nothing is counted and the step-up stays open', () => {
  test.each<[string, keyof Store, string]>([
    ['while the code is accepted', 'totp', 'accept'],
    ['while the proof is recorded', 'proofs', 'record'],
    ['while the step-up is taken', 'stepUps', 'take'],
    ['while the standing is read', 'authenticators', 'list'],
    ['while the guess is counted', 'guesses', 'take'],
  ])('%s', async (_, part, verb) => {
    const { id } = await startStepUp(world.domain, caller, { feature: 'export' })
    const answer = (domain: Domain, away: number) => attempt(domain, caller, id, { method: 'totp', response: { code: app.code(away) } })
    for (let count = 0; count < 12; count++) await expect(answer(failing(part, verb as never), 0)).rejects.toThrow()
    expect(await answer(world.domain, 1)).toMatchObject({ status: 'done' })
  })

  test('while a passkey is judged', async () => {
    for (const [part, verb] of [
      ['authenticators', 'touch'],
      ['subjects', 'userHandle'],
      ['stepUps', 'take'],
    ] as const) {
      const stepUp = await startStepUp(world.domain, caller, { feature: 'pay.much', operation: { amount: '1' } })
      const response = passkey.assert(challengeOf(stepUp))
      await expect(attempt(failing(part, verb as never), caller, stepUp.id, { method: 'passkey', response })).rejects.toThrow('disk')
      expect(await world.domain.store.stepUps.get(stepUp.id)).not.toBeNull()
    }
  })

  test('while the challenge is stored, no step-up is answered without one', async () => {
    await expect(startStepUp(failing('stepUps', 'create'), caller, { feature: 'approve' })).rejects.toThrow('disk')
  })
})
