import { decide, type Enrolled, featuresOf, type Policy, tiersInForce } from '@stile/policy'
import type { Decision, IssuedToken, Proof, State } from '@stile/protocol'
import { ACR, rank } from '@stile/protocol'
import type { World } from './world.ts'

/** The proofs that count, the primary login included. */
export function proofsOf({ loginAt, proofs }: World): readonly Proof[] {
  return [{ method: 'login', level: 'session', amr: ['pwd'], authTime: loginAt }, ...proofs]
}

/** What can be used to prove something: what is enrolled and not disabled, and the mailbox if codes may go there. */
export function enrolledIn({ authenticators, email, emailSuspendedUntil, risk }: World, now: number): readonly Enrolled[] {
  const working = authenticators.filter(({ disabled }) => !disabled)
  // what risk raised is never met by a mailbox
  const mailbox = email !== null && (emailSuspendedUntil ?? 0) <= now && risk === 'normal'
  return mailbox ? [...working, { method: 'email-otp', level: 'session' }] : working
}

/** The decision for one feature, by the very function that service and guard use. */
export function decideIn(policy: Policy, world: World, feature: string, now: number): Decision {
  const { license, risk } = world
  return decide(policy, { feature, license, risk, enrolled: enrolledIn(world, now), assurance: { proofs: proofsOf(world) }, now })
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
