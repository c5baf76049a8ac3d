import { canMeet, enrollmentOf, meets, type Policy } from '@stile/policy'
import { AUTHENTICATORS_FEATURE, type Level, type Method, problem, type Requirement, rank } from '@stile/protocol'
import { type Answer, refuse } from '../requests/answer.ts'
import type { Change } from '../requests/changes.ts'
import { FRESH_SECONDS, type ServiceContext } from '../requests/context.ts'
import { proofsOf } from '../world/decisions.ts'
import type { World } from '../world/world.ts'

/** Whether authenticators and recovery codes may be changed now, and what is missing if not. */
export type Gate =
  | Readonly<{ outcome: 'permit'; requirement: Requirement }>
  | Readonly<{ outcome: 'step_up'; requirement: Requirement }>
  | Readonly<{ outcome: 'deny'; detail: string }>

const fresh = (level: Level, methods?: readonly Method[]): Requirement => ({
  level,
  maxAgeSeconds: FRESH_SECONDS,
  ...(methods && { methods }),
})

/** Whether nothing is enrolled, so that no change needs a proof of its own. */
export function isFirst({ authenticators }: World): boolean {
  return authenticators.every(({ level }) => level === 'session')
}

/**
 * The gate in front of everything that changes authenticators: a fresh proof of the strongest level enrolled, or, if nothing above
 * `session` is, of all that the policy lists for the first one, and while risk is raised of a code by mail on top. A high risk asks for an
 * administrator.
 */
export function gateOf({ policy, clock, mailbox, world: current }: ServiceContext): Gate {
  const world = current()
  const { risk, help } = world
  const deny = (why: string): Gate => ({ outcome: 'deny', detail: `Authenticators cannot be changed here now: ${why} Ask ${help}.` })
  if (risk === 'high' || risk === 'critical') return deny('something about this sign-in is unusual.')
  const asked = asksOf(policy, world)
  const missing = asked.find((each) => !meets(each, { proofs: proofsOf(world) }, clock.now()))
  if (missing === undefined) return { outcome: 'permit', requirement: asked[0] ?? fresh('session') }
  if (missing.methods?.includes('email-otp') && !mailbox.takesCodes()) return deny('no code can be sent to you.')
  const { level } = missing
  if (level !== 'session' && !world.authenticators.some((each) => !each.disabled && canMeet(missing, each)))
    return deny('what is enrolled cannot confirm this any more. Use a recovery code.')
  return { outcome: 'step_up', requirement: missing }
}

function asksOf(policy: Policy, { authenticators, risk }: World): readonly Requirement[] {
  // authenticators that are switched off count here: guessing must not weaken the gate
  const level = authenticators.reduce<Level>((best, each) => (rank(each.level) > rank(best) ? each.level : best), 'session')
  if (level !== 'session') return [fresh(level)]
  const { first } = enrollmentOf(policy)
  const raised: readonly Method[] = risk === 'normal' || first.includes('email-otp') ? [] : ['email-otp']
  return [...first, ...raised].map((method) => fresh('session', [method]))
}

/**
 * The refusal of whoever may not make a change; nothing for whoever may.
 *
 * @param anyProof  whether any fresh proof will do, and not only one for this very change
 */
export function refusalToManage(context: ServiceContext, change: Change, anyProof = false): Answer | undefined {
  const { changes, world } = context
  const any = gateOf(context)
  if (!isFirst(world()) && any.outcome !== 'deny') {
    if (changes.provenBy(change) || (anyProof && any.outcome === 'permit')) return undefined
    const { requirement } = any
    const members = { feature: AUTHENTICATORS_FEATURE, requirement, operation: changes.begin(change) }
    return refuse(problem('insufficient_user_authentication', 'Confirm this change first.', members))
  }
  const gate = any
  const feature = AUTHENTICATORS_FEATURE
  if (gate.outcome === 'permit') return undefined
  if (gate.outcome === 'deny') return refuse(problem('denied', gate.detail, { feature }))
  return refuse(problem('insufficient_user_authentication', 'Confirm it is you first.', { feature, requirement: gate.requirement }))
}
