import type { Policy } from '@stile/policy'
import type { Method, Proof } from '@stile/protocol'
import type { Clock } from './clock.ts'
import type { World } from './world.ts'

/** What every room of the service works with. */
export type Desk = Readonly<{
  policy: Policy
  clock: Clock
  world: () => World
  /** Changes the world; pages that listen learn of it at once. */
  change: (next: Partial<World>) => void
  /** An id that was not given out before. */
  nextId: (prefix: string) => string
}>

/** How long a ceremony may take, and how old a proof may be that manages authenticators; in seconds. */
export const FRESH_SECONDS = 300

/** Enough of WebAuthn's options to start a ceremony; the challenge is never checked here. */
export const CEREMONY = { challenge: 'dGVzdA', rpId: 'localhost', userVerification: 'required', timeout: 60_000 } as const

/** Records a proof as given now. */
export function prove({ clock, world, change }: Desk, method: Method): void {
  const level = method === 'passkey' ? 'phr' : 'mfa'
  const amr = method === 'passkey' ? ['pop', 'user', 'mfa'] : ['otp', 'mfa']
  const proof: Proof = { method, level, amr, authTime: clock.now() }
  change({ proofs: [...world().proofs.filter((each) => each.method !== method), proof] })
}
