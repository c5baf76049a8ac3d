import { describe, expect, test } from 'vitest'
import { problemOf } from '../step-ups/world.test-support.ts'
import { makeRecoveryCodes, recoveryOf } from './index.ts'
import { useLostKeys } from './recovery.test-support.ts'

const setup = useLostKeys()
const { codeAt, redeem } = setup

describe('making codes', () => {
  test('gives ten, shown once, tells the owner, and replaces the former ones', async () => {
    await redeem({ code: codeAt(0) })
    await setup.world.addPasskey(setup.alice)
    await setup.world.notices()
    const made = await setup.world.confirmed(setup.alice, () => makeRecoveryCodes(setup.world.domain, setup.alice))
    expect(new Set(made.codes).size).toBe(10)
    expect(await setup.world.notices()).toEqual(['recovery_codes_made alice@example.com'])
    expect(await recoveryOf(setup.world.domain, setup.alice)).toMatchObject({ codesLeft: 10, codesMadeAt: setup.world.clock.now() })
    expect((await problemOf(redeem({ code: codeAt(1) }))).code).toBe('recovery_failed')
    expect(await redeem({ code: made.codes[0] })).toBeDefined()
  })

  test('threat: a mere sign-in, or a ticket, would make a way back that lasts', async () => {
    for (const by of [setup.alice, setup.world.signedIn(setup.alice, { sid: 's2' })])
      expect((await problemOf(makeRecoveryCodes(setup.world.domain, by))).code).toBe('insufficient_user_authentication')
    await redeem({ code: codeAt(0) })
    expect((await problemOf(makeRecoveryCodes(setup.world.domain, setup.alice))).code).toBe('insufficient_user_authentication')
    const bob = await setup.world.person('bob', { jkt: 'bobs-device' })
    expect(await problemOf(makeRecoveryCodes(setup.world.domain, bob))).toMatchObject({
      code: 'denied',
      detail: expect.stringContaining('Add a'),
    })
  })
})
