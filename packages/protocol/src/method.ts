import type { Level } from './level.ts'

/** A way to prove who one is. */
export type Method = 'relogin' | 'email-otp' | 'totp' | 'recovery-code' | 'passkey' | 'security-key'

/** Every method, in the order in which they are offered if several would do: the strongest and easiest first. */
export const METHODS: readonly Method[] = ['passkey', 'security-key', 'totp', 'email-otp', 'relogin', 'recovery-code']

/**
 * The strongest level that each method can reach. What a proof really counts for is computed from its evidence.
 *
 * `recovery-code` yields no level at all: it only opens the way to bind a new authenticator.
 */
export const REACHES: Readonly<Record<Method, Level | null>> = {
  passkey: 'phr',
  'security-key': 'phrh',
  totp: 'mfa',
  'email-otp': 'session',
  relogin: 'session',
  'recovery-code': null,
}

/** Whether a value read from outside is a method. */
export function isMethod(value: unknown): value is Method {
  return typeof value === 'string' && (METHODS as readonly string[]).includes(value)
}
