import { afterEach, beforeEach } from 'vitest'
import { startRegistration } from '../authenticators/index.ts'
import type { Caller } from '../sessions/caller.ts'
import type { Domain } from '../tokens/domain.ts'
import { redeemRecovery } from './index.ts'
import { createRecoveryWorld, type RecoveryWorld } from './world.test-support.ts'

/** Gives each test of a file a world in which alice has a passkey and ten codes, and has just signed in. */
export function useLostKeys() {
  let world: RecoveryWorld
  let alice: Caller
  let codes: readonly string[]

  beforeEach(async () => {
    world = await createRecoveryWorld()
    const enrolled = await world.person('alice', { sid: 'former' })
    codes = await world.withCodes(enrolled)
    await world.notices()
    alice = world.signedIn(enrolled, { sid: 's1' })
    await world.arrive(alice)
  })
  afterEach(() => world.close())

  return {
    get world() {
      return world
    },
    get alice() {
      return alice
    },
    codeAt: (index: number): string => codes[index] as string,
    redeem: (proof: object, by = alice, on: Domain = world.domain) => redeemRecovery(on, by, proof),
    /** Begins to enrol something. */
    begin: (by = alice, method = 'passkey') => startRegistration(world.domain, by, { method }),
  }
}

/** The token in a link. */
export function tokenIn(url: string): string {
  return /^https:\/\/app\.example\/recover#stile-recovery=([A-Za-z0-9_-]{43})$/.exec(url)?.[1] as string
}

/** A verb of a store that fails. */
export function fails(): Promise<never> {
  return Promise.reject(new Error('disk I/O error'))
}
