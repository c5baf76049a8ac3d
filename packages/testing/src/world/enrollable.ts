import type { Method } from '@stile/protocol'

/** The methods of things that people enrol. */
export type Enrollable = Extract<Method, 'passkey' | 'security-key' | 'totp'>

/** The method that a body asks to enrol; `undefined` if it is none of them. */
export function enrollableOf(value: unknown): Enrollable | undefined {
  return (['passkey', 'security-key', 'totp'] as const).find((each) => each === value)
}
