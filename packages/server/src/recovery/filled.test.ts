import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MOST_AUTHENTICATORS } from '../authenticators/registration.ts'
import { problemOf } from '../step-ups/world.test-support.ts'
import { redeemRecovery } from './index.ts'
import { createRecoveryWorld, type RecoveryWorld } from './world.test-support.ts'

let world: RecoveryWorld
beforeEach(async () => {
  world = await createRecoveryWorld()
})
afterEach(() => world.close())

describe('recovering an account that has as many authenticators as there may be', () => {
  test('threat: a thief who fills it would lock its owner out, with no way back', async () => {
    const enrolled = await world.person()
    const codes = await world.withCodes(enrolled)
    const { store } = world.domain
    const [first] = await store.authenticators.list(enrolled.subject)
    if (first?.data.method !== 'passkey') throw new Error('A passkey is enrolled.')
    for (let index = 1; index < MOST_AUTHENTICATORS; index++)
      await store.authenticators.create({
        record: { ...first, id: `auth_${index}`, data: { ...first.data, credentialId: `credential-${index}` } },
        limit: MOST_AUTHENTICATORS,
        change: { at: world.clock.now(), type: 'authenticators', subject: enrolled.subject },
      })
    const alice = world.signedIn(enrolled)
    await world.arrive(alice)
    await redeemRecovery(world.domain, alice, { code: codes[0] })
    expect(await world.addPasskey(alice)).toMatchObject({ level: 'phr', boundBy: { method: 'recovery-code' } })
    expect(await problemOf(world.addPasskey(alice)), 'without a ticket it stays full').toMatchObject({ code: 'conflict' })
  })
})
