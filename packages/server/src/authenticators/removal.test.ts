import { randomBytes } from 'node:crypto'
import { AUTHENTICATORS_FEATURE } from '@stile/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt, startStepUp } from '../step-ups/index.ts'
import { type App, claimsOf, createWorld, issuedOf, problemOf, type World } from '../step-ups/world.test-support.ts'
import { issueToken } from '../tokens/issue.ts'
import { removeAuthenticator, startRegistration } from './index.ts'

let world: World
let thief: Caller
let owner: Caller
let app: App
beforeEach(async () => {
  world = await createWorld()
  thief = await world.caller({ sid: 's2', jkt: randomBytes(32).toString('base64url') })
  app = await world.enrolApp(thief)
  owner = await world.caller()
})
afterEach(() => world.close())

const audience = () => world.domain.options.audiences[0]?.id as string
const iatOf = (token: Parameters<typeof claimsOf>[0]) => claimsOf(token).iat as number
const tokenOf = async (caller: Caller) => issueToken(world.domain, await loadStanding(world.domain, caller), { audience: audience() })

/** Proves with the app on a device: that makes the device known. */
async function prove(caller: Caller): Promise<void> {
  const { id } = await startStepUp(world.domain, caller, { feature: AUTHENTICATORS_FEATURE })
  issuedOf(await attempt(world.domain, caller, id, { method: 'totp', response: { code: app.code() } }))
}

/** The owner finds the authenticator of the thief and removes it: the time up to which everything is revoked. */
async function removeIt(): Promise<number> {
  await prove(owner)
  world.clock.advance(30)
  const asked = await problemOf(removeAuthenticator(world.domain, owner, app.id))
  const { id } = await startStepUp(world.domain, owner, { feature: AUTHENTICATORS_FEATURE, operation: asked.operation })
  await attempt(world.domain, owner, id, { method: 'totp', response: { code: app.code() } })
  const cursor = await world.domain.store.changes.head()
  await removeAuthenticator(world.domain, owner, app.id)
  const changes = await world.domain.store.changes.after({ cursor, limit: 10 })
  expect(changes.map(({ type }) => type)).toEqual(['authenticators', 'revoked'])
  expect(changes[1]).toEqual({
    cursor: expect.any(Number),
    at: world.clock.now(),
    type: 'revoked',
    subject: owner.subject,
    before: world.clock.now(),
  })
  return world.clock.now()
}

test("threat: tokens that were issued on a thief's authenticator would outlive its removal", async () => {
  const token = await tokenOf(thief)
  const before = await removeIt()
  expect(iatOf(token)).toBeLessThanOrEqual(before)
})

test('the token that the remover gets in the very second of the removal is good', async () => {
  const before = await removeIt()
  expect(world.clock.now()).toBe(before)
  expect(iatOf(await tokenOf(owner))).toBe(before + 1)
  world.clock.advance(1)
  expect(iatOf(await tokenOf(owner))).toBe(before + 1)
  world.clock.advance(1)
  expect(iatOf(await tokenOf(owner))).toBe(before + 2)
})

test('threat: a token that is made while the authenticator is removed would still carry its proof afterwards', async () => {
  const standing = await loadStanding(world.domain, thief)
  const before = await removeIt()
  world.clock.advance(1)
  expect(iatOf(await issueToken(world.domain, standing, { audience: audience() }))).toBeLessThanOrEqual(before)
})

test('threat: a thief would enrol again on the device that the removed authenticator vouched for', async () => {
  expect((await loadStanding(world.domain, thief)).risk.band).toBe('normal')
  await prove(owner)
  world.clock.advance(30)
  await world.enrolApp(owner)
  await world.confirmed(owner, () => removeAuthenticator(world.domain, owner, app.id))
  const fresh = await world.caller({ sid: thief.sid, jkt: thief.jkt })
  expect((await loadStanding(world.domain, fresh)).risk.band).toBe('elevated')
})

test('threat: a thief who removes the last authenticator would lock the owner out of their own browser', async () => {
  await prove(owner)
  world.clock.advance(30)
  await world.confirmed(thief, () => removeAuthenticator(world.domain, thief, app.id))
  expect((await loadStanding(world.domain, owner)).risk.band).toBe('normal')
  expect(await startRegistration(world.domain, await world.caller(), { method: 'totp' })).toMatchObject({ method: 'totp' })
})

test('the remover goes on in their session, on a device that is known', async () => {
  await removeIt()
  const standing = await loadStanding(world.domain, owner)
  expect(standing.risk.band).toBe('normal')
  expect(await startRegistration(world.domain, await world.caller(), { method: 'totp' })).toMatchObject({ method: 'totp' })
})
