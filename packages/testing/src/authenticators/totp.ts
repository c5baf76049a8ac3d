import type { AttemptFailure } from '@stile/protocol'
import type { Clock } from '../world/clock.ts'
import type { World } from '../world/world.ts'

/** Judges the code of the authenticator app; `undefined` if it is right. */
export type Totp = (code: string) => Extract<AttemptFailure, 'wrong_code' | 'code_used'> | undefined

const STEP_SECONDS = 30

/** Creates the authenticator app: a code is accepted once in its 30 seconds (RFC 6238 §5.2). */
export function createTotp(clock: Clock, world: () => World): Totp {
  let accepted = ''
  return (code) => {
    if (code !== world().code) return 'wrong_code'
    const once = `${Math.floor(clock.now() / STEP_SECONDS)} ${code}`
    if (accepted === once) return 'code_used'
    accepted = once
    return undefined
  }
}
