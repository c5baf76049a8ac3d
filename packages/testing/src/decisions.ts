import { decide, featuresOf, type Policy, tiersInForce } from '@stile/policy'
import type { Decision, IssuedToken, Proof, State } from '@stile/protocol'
import { ACR, rank } from '@stile/protocol'
import type { World } from './world.ts'

/** The proofs that count, the primary login included. */
export function proofsOf({ loginAt, proofs }: World): readonly Proof[] {
  return [{ method: 'login', level: 'session', amr: ['pwd'], authTime: loginAt }, ...proofs]
}

/** The decision for one feature, by the very function that service and guard use. */
export function decideIn(policy: Policy, world: World, feature: string, now: number): Decision {
  const { license, risk, authenticators: enrolled } = world
  return decide(policy, { feature, license, risk, enrolled, assurance: { proofs: proofsOf(world) }, now })
}

/** A token that says what is proven. It is not signed: nothing but this service's own fetch takes it. */
export function issueIn(world: World, now: number): IssuedToken {
  const best = proofsOf(world).reduce((a, b) => (rank(b.level) > rank(a.level) || (b.level === a.level && b.authTime > a.authTime) ? b : a))
  const expiresAt = now + 300
  const payload = btoa(JSON.stringify({ sub: world.subject, acr: ACR[best.level], auth_time: best.authTime, iat: now, exp: expiresAt }))
  return { token: `test.${payload}.unsigned`, expiresAt, acr: ACR[best.level], amr: best.amr, authTime: best.authTime }
}

/** The state as `GET /v1/state` gives it. */
export function stateIn(policy: Policy, world: World, revision: number, now: number): State {
  const decisions = Object.fromEntries(featuresOf(policy).map((feature) => [feature, decideIn(policy, world, feature, now)]))
  return {
    revision,
    now,
    subject: world.subject,
    account: world.account,
    license: world.license,
    tiers: tiersInForce(policy, world.license),
    decisions,
    risk: { band: world.risk, reasons: [] },
    authenticators: world.authenticators,
    token: issueIn(world, now),
  }
}
