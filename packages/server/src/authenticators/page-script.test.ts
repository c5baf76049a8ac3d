import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Caller } from '../sessions/caller.ts'
import { attempt, startStepUp } from '../step-ups/index.ts'
import { challengeOf, createWorld, type Passkey, problemOf, type World } from '../step-ups/world.test-support.ts'
import { ask, changesOf } from './changes.test-support.ts'
import { listAuthenticators, renameAuthenticator } from './index.ts'

let world: World
let alice: Caller
let passkey: Passkey
beforeEach(async () => {
  world = await createWorld()
  alice = await world.caller()
  passkey = await world.enrolPasskey(alice)
})
afterEach(() => world.close())

const { add, begun, codes, count, open, prove, remove } = changesOf(() => ({ world, alice, passkey }))

describe('a page script that waits for a proof', () => {
  test('threat: a proof for an export, however fresh, would add, remove or replace', async () => {
    const stepUp = await startStepUp(world.domain, alice, { feature: 'approve' })
    if (stepUp.status === 'open')
      await attempt(world.domain, alice, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
    expect(await startStepUp(world.domain, alice, { feature: 'approve' })).toMatchObject({ status: 'done' })
    for (const change of [add(), add('passkey'), remove(passkey.id), codes()])
      expect(await problemOf(change)).toMatchObject({
        code: ask,
        requirement: { level: 'phr', maxAgeSeconds: 300 },
        next: { methods: ['passkey'] },
      })
  })

  test('threat: a login of the strongest level would do without a ceremony', async () => {
    const login = { method: 'login', level: 'phrh', amr: ['hwk'], authTime: world.clock.now() } as const
    expect((await problemOf(add('totp', await world.caller({ login })))).code).toBe(ask)
  })

  test('threat: a proof for changes in general would do for one', async () => {
    world.wait()
    const general = await open()
    expect(general).not.toHaveProperty('operation')
    await attempt(world.domain, alice, general.id, { method: 'passkey', response: passkey.assert(challengeOf(general)) })
    expect((await problemOf(add())).code).toBe(ask)
  })

  test('threat: the proof of one change would do for another', async () => {
    await prove(await begun(add('totp')))
    for (const change of [add('passkey'), add('security-key'), remove(passkey.id), codes()])
      expect((await problemOf(change)).code).toBe(ask)
    expect(await add('totp')).toMatchObject({ method: 'totp' })
  })

  test('threat: the proof of one removal would remove another', async () => {
    const app = await world.enrolApp(alice)
    await prove(await begun(remove(app.id)))
    expect((await problemOf(remove(passkey.id))).code).toBe(ask)
    await remove(app.id)
    expect(await count()).toBe(1)
  })

  test('threat: it begins another change while the prompt shows the first, and the answer counts for that', async () => {
    const shown = await open(await begun(add('passkey')))
    await begun(add('totp'))
    expect(shown).toMatchObject({ operation: { change: 'add', method: 'passkey' } })
    await attempt(world.domain, alice, shown.id, { method: 'passkey', response: passkey.assert(challengeOf(shown)) })
    expect((await problemOf(add('totp'))).code).toBe(ask)
    expect(await add('passkey')).toMatchObject({ method: 'passkey' })
  })

  test('threat: it gives the name that the prompt showed to another one, so that this one is removed, or none', async () => {
    const app = await world.enrolApp(alice)
    const { name } = await begun(remove(app.id))
    await prove(undefined)
    await renameAuthenticator(world.domain, alice, app.id, { name: 'Another' })
    await renameAuthenticator(world.domain, alice, passkey.id, { name })
    expect((await problemOf(remove(passkey.id))).code).toBe(ask)
    await remove(app.id)
    expect((await listAuthenticators(world.domain, alice)).authenticators).toMatchObject([{ id: passkey.id, name }])
  })
})
