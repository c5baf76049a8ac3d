import { AUTHENTICATORS_FEATURE, problem, type Requirement, rank } from '@stile/protocol'
import { type Answer, refuse } from './answer.ts'
import { proofsOf } from './decisions.ts'
import { FRESH_SECONDS } from './desk.ts'
import type { World } from './world.ts'

/** What managing authenticators asks for: a fresh proof of the strongest level enrolled, or a fresh login where nothing is. */
export function managing({ authenticators }: World): Requirement {
  const [first, ...others] = authenticators
  if (!first) return { level: 'session', maxAgeSeconds: FRESH_SECONDS, methods: ['relogin'] }
  const level = others.reduce((best, each) => (rank(each.level) > rank(best) ? each.level : best), first.level)
  return { level, maxAgeSeconds: FRESH_SECONDS }
}

/** Whether what managing authenticators asks for is proven. */
export function mayManage(world: World, now: number): boolean {
  const { level } = managing(world)
  return proofsOf(world).some((proof) => rank(proof.level) >= rank(level) && now - proof.authTime <= FRESH_SECONDS)
}

/** The refusal of whoever may not manage authenticators; nothing for whoever may. */
export function refusalToManage(world: World, now: number): Answer | undefined {
  if (mayManage(world, now)) return undefined
  const requirement = managing(world)
  return refuse(problem('insufficient_user_authentication', 'Confirm it is you first.', { feature: AUTHENTICATORS_FEATURE, requirement }))
}
