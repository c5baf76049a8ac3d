import type { Policy } from '@stile/policy'
import type { Level, Method, Proof } from '@stile/protocol'
import type { Clock } from '../world/clock.ts'
import type { Mailbox } from '../world/mailbox.ts'
import type { World } from '../world/world.ts'
import type { Changes } from './changes.ts'
import type { Guesses } from './guesses.ts'

/** What every part of the service works with. */
export type ServiceContext = Readonly<{
  policy: Policy
  clock: Clock
  world: () => World
  /** Changes the world; pages that listen learn of it at once. */
  change: (next: Partial<World>) => void
  /** An id that was not given out before. */
  nextId: (prefix: string) => string
  mailbox: Mailbox
  guesses: Guesses
  changes: Changes
}>

/** How long a ceremony may take, and how old a proof may be that manages authenticators; in seconds. */
export const FRESH_SECONDS = 300

/** Enough of WebAuthn's options to start a ceremony; the challenge is never checked here. */
export const CEREMONY = { challenge: 'dGVzdA', rpId: 'localhost', userVerification: 'required', timeout: 60_000 } as const

/** What a proof says of itself (RFC 8176). */
const AMR: { readonly [M in Method]?: readonly string[] } = {
  passkey: ['pop', 'user', 'mfa'],
  'security-key': ['pop', 'user', 'mfa'],
  totp: ['otp', 'mfa'],
  'email-otp': ['otp'],
  relogin: ['pwd'],
}

/** Records a proof as given now. */
export function prove({ clock, world, change }: ServiceContext, method: Method, level: Level): void {
  const amr = level === 'phrh' ? ['hwk', 'user', 'mfa'] : (AMR[method] ?? [])
  const proof: Proof = { method, level, amr, authTime: clock.now() }
  const others = world().proofs.filter((each) => each.method !== method || each.level !== level)
  change({ proofs: [...others, proof], ...(method === 'relogin' && { loginAt: clock.now() }) })
}
