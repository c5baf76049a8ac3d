import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeRecoveryCodes, redeemRecovery } from '../recovery/index.ts'
import { createRecoveryWorld, type RecoveryWorld } from '../recovery/world.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { attempt, startStepUp } from '../step-ups/index.ts'
import { type App, challengeOf, confirmChange, type Held, type Passkey, problemOf } from '../step-ups/world.test-support.ts'
import { ask, changesOf } from './changes.test-support.ts'
import { listAuthenticators, removeAuthenticator, removeForAdmin } from './index.ts'

const DAY = 86_400

let world: RecoveryWorld
let owner: Caller
/** Whoever recovers the account, with a sign-in and a code: its owner, or somebody who found the code. */
let alice: Caller
let passkey: Passkey
let lost: App
let codes: readonly string[]
beforeEach(async () => {
  world = await createRecoveryWorld()
  owner = await world.person()
  await world.arrive(owner)
  lost = await world.enrolApp(owner)
  passkey = await world.enrolPasskey(owner)
  codes = (await world.confirmed(owner, () => changes.codes(owner))).codes
  world.clock.advance(3600)
  alice = world.signedIn(owner, { sid: 's9' })
  await world.arrive(alice)
})
afterEach(() => world.close())

const changes = changesOf(() => ({ world, alice, passkey }))
const { begun } = changes
const ids = async () => (await listAuthenticators(world.domain, alice)).authenticators.map(({ id }) => id)
const recover = () => redeemRecovery(world.domain, alice, { code: codes[0] })
const remove = (id: string, by = alice) => removeAuthenticator(world.domain, by, id)
/** Removes something with a proof of one thing alone. */
async function removeWith(held: Held, id: string, by = alice): Promise<void> {
  await confirmChange(world.domain, by, await begun(remove(id, by)), [held])
  await remove(id, by)
}
const heldPasskey = (device: Pick<Passkey, 'assert'>): Held => ({
  method: 'passkey',
  answer: (stepUp) => device.assert(challengeOf(stepUp)),
})
const heldApp = (app: App): Held => ({ method: 'totp', answer: () => ({ code: app.code() }), after: () => world.clock.advance(30) })
const addPasskey = () => world.enrolPasskey(alice)
const addApp = () => world.enrolApp(alice)
/** The owner, who still has the passkey, proves with it. */
async function ownerProves(): Promise<void> {
  const back = world.signedIn(owner, { sid: 's10' })
  await world.arrive(back)
  const stepUp = await startStepUp(world.domain, back, { feature: 'approve' })
  await attempt(world.domain, back, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
}

describe('what a recovery let in', () => {
  test('removes what was lost a day after it, also what is stronger, and not before', async () => {
    await recover()
    const app = await addApp()
    // before, the strongest enrolled is asked for
    world.clock.advance(DAY - 600)
    expect(await problemOf(remove(passkey.id))).toMatchObject({ requirement: { level: 'phr' }, next: { methods: ['passkey'] } })
    world.clock.advance(600)
    expect(await problemOf(remove(passkey.id))).toMatchObject({ requirement: { level: 'mfa' } })
    await removeWith(heldApp(app), passkey.id)
    await removeWith(heldApp(app), lost.id)
    expect(await ids()).toEqual([app.id])
  })

  test('threat: somebody who found a code would remove what the owner has at once, with something as strong', async () => {
    await recover()
    const found = await addPasskey()
    for (const id of [passkey.id, lost.id]) expect(await problemOf(removeWith(heldPasskey(found), id))).toMatchObject({ code: ask })
    world.clock.advance(DAY - 1000)
    expect(await problemOf(removeWith(heldPasskey(found), passkey.id))).toMatchObject({ code: ask })
    expect(await ids()).toContain(passkey.id)
    world.clock.advance(1000)
    await removeWith(heldPasskey(found), passkey.id)
    expect(await ids()).not.toContain(passkey.id)
  })

  test('threat: the owner objects, by proving with something older, and is removed nevertheless', async () => {
    await recover()
    const found = await addPasskey()
    const app = await world.enrolApp(alice)
    world.clock.advance(600)
    await ownerProves()
    world.clock.advance(2 * DAY)
    // neither what was used nor what was not, and neither as strong nor weaker
    for (const id of [passkey.id, lost.id]) expect(await problemOf(removeWith(heldPasskey(found), id))).toMatchObject({ code: ask })
    expect(await problemOf(remove(passkey.id))).toMatchObject({ requirement: { level: 'phr' } })
    // the owner puts out what was let in, and needs not wait for it
    const back = world.signedIn(owner, { sid: 's11' })
    await world.arrive(back)
    for (const { id } of [app, found]) await removeWith(heldPasskey(passkey), id, back)
    expect(await ids()).toEqual([lost.id, passkey.id])
  })

  test('threat: the owner objects while the removal is being confirmed', async () => {
    await recover()
    const app = await addApp()
    world.clock.advance(DAY)
    const operation = await begun(remove(passkey.id))
    await confirmChange(world.domain, alice, operation, [heldApp(app)])
    await ownerProves()
    expect(await problemOf(remove(passkey.id))).toMatchObject({ code: ask })
  })

  test('threat: it lets in something else, and that removes, even if the first is gone', async () => {
    await recover()
    const first = await addPasskey()
    const second = await addPasskey()
    expect(await problemOf(removeWith(heldPasskey(second), passkey.id))).toMatchObject({ code: ask })
    // what came with the recovery is theirs to remove
    await removeWith(heldPasskey(second), first.id)
    const third = await addPasskey()
    expect(await problemOf(removeWith(heldPasskey(third), passkey.id))).toMatchObject({ code: ask })
    expect(await ids()).toEqual(expect.arrayContaining([passkey.id, lost.id, second.id, third.id]))
  })

  test('threat: a second recovery would make the first an old one', async () => {
    await recover()
    const first = await addPasskey()
    world.clock.advance(3600)
    alice = world.signedIn(alice)
    await redeemRecovery(world.domain, alice, { code: codes[1] })
    const second = await addPasskey()
    for (const each of [first, second]) expect(await problemOf(removeWith(heldPasskey(each), passkey.id))).toMatchObject({ code: ask })
    expect(await problemOf(removeWith(heldPasskey(second), first.id))).toMatchObject({ code: ask })
    await removeWith(heldPasskey(first), second.id)
  })

  test('threat: of a recovery that nobody was told of, something weaker would remove what is stronger', async () => {
    world = await createRecoveryWorld()
    owner = await world.caller()
    await world.arrive(owner)
    lost = await world.enrolApp(owner)
    passkey = await world.enrolPasskey(owner)
    codes = (await world.confirmed(owner, () => changes.codes(owner))).codes
    world.clock.advance(3600)
    alice = world.signedIn(owner)
    await recover()
    expect(await world.notices()).toEqual([])
    await addApp()
    world.clock.advance(2 * DAY)
    expect(await problemOf(remove(passkey.id))).toMatchObject({ requirement: { level: 'phr' } })
  })

  test('is told so before it is asked for, if nothing else could remove this', async () => {
    const bob = await world.person('bob')
    await world.arrive(bob)
    lost = await world.enrolApp(bob)
    const [code] = (await world.confirmed(bob, () => makeRecoveryCodes(world.domain, bob))).codes
    await redeemRecovery(world.domain, bob, { code })
    await world.enrolPasskey(bob)
    expect(await problemOf(remove(lost.id, bob))).toMatchObject({ code: 'denied', detail: expect.stringContaining('24 hours') })
    world.clock.advance(DAY)
    expect(await problemOf(remove(lost.id, bob))).toMatchObject({ code: ask })
  })

  test('is no obstacle for an administrator', async () => {
    await recover()
    await addPasskey()
    await removeForAdmin(world.domain, alice.subject, passkey.id)
    expect(await ids()).not.toContain(passkey.id)
  })
})
