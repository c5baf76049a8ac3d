import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDomain, type TestDomain } from '../domain.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { SETTLE_SECONDS } from './change.ts'
import { mailboxOf, nameAddress } from './mailbox.ts'

const [A, B] = ['a@example.com', 'b@example.com']

let world: TestDomain
beforeEach(async () => {
  world = await createTestDomain({ options: { deliver: async () => undefined } })
})
afterEach(() => world.close())

const caller = (address: string, more: Partial<Caller> & { verified?: boolean } = {}) =>
  world.caller({ ...more, email: { address, verified: more.verified ?? true } })
const notices = () => world.domain.store.outbox.claim({ now: world.clock.now(), leaseSeconds: 9, limit: 100 })

describe('the mailbox of a caller', () => {
  test('is pinned from the first verified claim that is seen', async () => {
    await loadStanding(world.domain, await caller(A))
    expect(await mailboxOf(world.domain, 'main|alice')).toEqual({ address: A })
    expect(await notices()).toEqual([])
  })

  test('threat: an address that is not verified would be pinned', async () => {
    const standing = await loadStanding(world.domain, await caller(A, { verified: false }))
    expect(standing.mailbox).toBeUndefined()
    await loadStanding(world.domain, await caller(A))
    await loadStanding(world.domain, await caller(B, { verified: false }))
    expect(await mailboxOf(world.domain, 'main|alice')).toEqual({ address: A })
  })

  test('threat: somebody who acts for a subject would have or change the address', async () => {
    await loadStanding(world.domain, await caller(A))
    const standing = await loadStanding(world.domain, await caller(B, { actor: 'support' }))
    expect(standing.mailbox).toBeUndefined()
    expect(await mailboxOf(world.domain, 'main|alice')).toEqual({ address: A })
  })

  test('threat: the address at the login would be changed in silence', async () => {
    await loadStanding(world.domain, await caller(A))
    const { mailbox } = await loadStanding(world.domain, await caller(B))
    const settlesAt = world.clock.now() + SETTLE_SECONDS
    expect(mailbox).toEqual({ address: A, suspendedUntil: settlesAt })
    expect(await notices()).toMatchObject([{ to: A, kind: 'address_changed', data: { address: 'b•••@example.com', settlesAt } }])
  })

  test('threat: of logins at the same time, several would begin a change and send a notice', async () => {
    await loadStanding(world.domain, await caller(A))
    const other = await caller(B)
    const boxes = await Promise.all(Array.from({ length: 20 }, () => mailboxOf(world.domain, other)))
    expect(new Set(boxes.map((each) => each?.suspendedUntil)).size).toBe(1)
    expect(await notices()).toHaveLength(1)
  })

  test('threat: two logins that disagree would fill the mailbox', async () => {
    for (let round = 0; round < 12; round++) await mailboxOf(world.domain, await caller(round % 2 === 0 ? A : B))
    expect(await notices()).toHaveLength(3)
    world.clock.advance(3600)
    expect((await notices()).find(({ kind }) => kind === 'several_changes')?.data).toMatchObject({ count: 2 })
  })

  test('is named by an administrator for a subject who was never seen, and changed with a notice', async () => {
    expect(await nameAddress(world.domain, { subject: 'main|bob', address: A, by: 'admin' })).toEqual({ address: A })
    expect(await nameAddress(world.domain, { subject: 'main|bob', address: B, by: 'admin' })).toMatchObject({ address: A })
    expect(await notices()).toMatchObject([{ subject: 'main|bob', to: A, kind: 'address_changed' }])
  })
})

test('no address is kept if no mail is configured', async () => {
  const silent = await createTestDomain()
  const { mailbox } = await loadStanding(silent.domain, await silent.caller({ email: { address: A, verified: true } }))
  expect(mailbox).toBeUndefined()
  expect(await silent.domain.store.addresses.get('main|alice')).toBeNull()
  await silent.close()
})
