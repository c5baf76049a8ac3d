import { decide } from '@stile/policy'
import type { Decision } from '@stile/protocol'
import { codeAddress } from '../methods/email-otp/code-address.ts'
import { enrolledAs } from '../standing/counted.ts'
import type { Standing } from '../standing/standing.ts'
import { forActor } from './actor.ts'

/** What an address that codes can be sent to counts for. */
const MAILBOX = { method: 'email-otp', level: 'session' } as const

/**
 * Decides a feature for where a caller stands.
 *
 * @param operation  the operation that a ceremony was just completed for: give it only then, because every fresh proof counts for it
 */
export function decideFor(standing: Standing, feature: string, operation?: Readonly<{ digest: string }>): Decision {
  const { caller, policy, license, proofs, authenticators, reloginLevel, risk, now } = standing
  // nobody who acts for a subject binds the subject to an operation, even if only a tier asks for the binding
  const own = caller.actor === undefined ? operation : undefined
  const decision = decide(policy.policy, {
    feature,
    license,
    assurance: { proofs, ...(own && { operation: { feature, digest: own.digest } }) },
    risk: risk.band,
    // who has it at the login provider need not enrol it here
    enrolled: [
      ...authenticators.filter(({ disabled }) => !disabled).map(enrolledAs),
      { method: 'relogin', level: reloginLevel },
      ...(codeAddress(standing) === undefined ? [] : [MAILBOX]),
    ],
    now,
    ...(own && { operationDigest: own.digest }),
  })
  return caller.actor === undefined ? decision : forActor(policy.policy, decision)
}
