import { definePolicy } from '@stile/policy'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decideFor } from '../decisions/decide.ts'
import { stateOf } from '../decisions/state.ts'
import { TEST_AUDIENCE } from '../domain.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt, startStepUp } from '../step-ups/index.ts'
import { challengeOf, claimsOf, createWorld, POLICY, problemOf, type World } from '../step-ups/world.test-support.ts'
import { listAuthenticators } from './index.ts'

const DAY = 86_400
const policy = definePolicy({
  ...POLICY.document,
  features: { ...POLICY.document.features, report: { requires: { level: 'phr' }, compliance: ['rule'] } },
  tiers: { ...POLICY.document.tiers, pro: { extends: 'basic', features: ['export', 'approve', 'pay', 'pay.much', 'sign', 'report'] } },
  compliance: { rule: { requires: { level: 'phr' }, because: 'a rule' } },
  enrollment: { settle: '1d' },
} as never)

let world: World
let caller: Caller
beforeEach(async () => {
  world = await createWorld({ policy })
  caller = await world.caller()
})
afterEach(() => world.close())

const open = (feature: string) => startStepUp(world.domain, caller, { feature, operation: { amount: '1' } })

test('a new authenticator says until when it is new, and its proofs and tokens say so too', async () => {
  await world.enrolPasskey(caller)
  const settlesAt = world.clock.now() + DAY
  expect((await listAuthenticators(world.domain, caller)).authenticators).toMatchObject([{ settlesAt }])
  const standing = await loadStanding(world.domain, caller)
  expect(standing.proofs).toMatchObject([{ method: 'login' }, { method: 'passkey', settlesAt }])
  expect(standing.proofs[0]).not.toHaveProperty('settlesAt')
  const { token, authenticators } = await stateOf(world.domain, standing, TEST_AUDIENCE)
  expect(authenticators).toMatchObject([{ settlesAt }])
  expect(claimsOf(token).proofs).toMatchObject([{ method: 'login' }, { method: 'passkey', settles_at: settlesAt }])
  world.clock.advance(DAY)
  expect((await listAuthenticators(world.domain, caller)).authenticators[0]).not.toHaveProperty('settlesAt')
  expect((await loadStanding(world.domain, caller)).proofs[1]).not.toHaveProperty('settlesAt')
})

test.each(['pay.much', 'report'])('threat: whoever has just enrolled would get to %s, which is for what has settled', async (feature) => {
  const passkey = await world.enrolPasskey(caller)
  expect(decideFor(await loadStanding(world.domain, caller), feature).outcome).not.toBe('permit')
  expect((await problemOf(open(feature))).code).toBe('denied')
  // what no rule protects is open at once
  expect(await open('approve')).toMatchObject({ status: 'done' })
  world.clock.advance(DAY)
  const stepUp = await open(feature)
  if (stepUp.status === 'done') return
  const done = await attempt(world.domain, caller, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
  expect(done).toMatchObject({ status: 'done' })
})

test.each(['pay.much', 'report'])(
  'threat: a step-up for %s that one has settled for would be answered by one that has not',
  async (feature) => {
    const old = await world.enrolPasskey(caller)
    world.clock.advance(DAY)
    const gate = await startStepUp(world.domain, caller, { feature: 'stile:authenticators' })
    await attempt(world.domain, caller, gate.id, { method: 'passkey', response: old.assert(challengeOf(gate)) })
    const fresh = await world.enrolPasskey(caller)
    const { subject, sid } = caller
    const at = world.clock.now()
    await world.domain.store.sessions.end({
      subject,
      sid,
      now: at,
      change: { at, type: 'revoked', subject, sid, before: at },
    })
    world.clock.advance(1)
    const elsewhere = { ...caller, sid: 's2', login: { ...caller.login, authTime: world.clock.now() } }
    const stepUp = await startStepUp(world.domain, elsewhere, { feature, operation: { amount: '1' } })
    const options = stepUp.status === 'open' ? (stepUp.methods[0]?.start as { allowCredentials: { id: string }[] }) : undefined
    expect(options?.allowCredentials.map(({ id }) => id)).toEqual([old.credentialId])
    const response = fresh.assert(challengeOf(stepUp))
    expect((await problemOf(attempt(world.domain, elsewhere, stepUp.id, { method: 'passkey', response }))).code).toBe('attempt_failed')
  },
)

test('a new authenticator is as good as any other for managing authenticators', async () => {
  await world.enrolPasskey(caller)
  expect(await world.enrolPasskey(caller)).toMatchObject({ id: expect.any(String) })
})
