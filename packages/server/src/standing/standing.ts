import type { Level, License, Proof } from '@stile/protocol'
import type { Mailbox } from '../addresses/change.ts'
import { mailboxOf } from '../addresses/mailbox.ts'
import { effectiveLicenseOf } from '../licenses/licenses.ts'
import { reloginLevelOf } from '../login-providers/place.ts'
import type { PublishedPolicy } from '../options/domain.ts'
import { assessRisk, type Risk } from '../risk/new-device.ts'
import type { Caller } from '../sessions/caller.ts'
import { loginProofs } from '../sessions/login.ts'
import { sessionKey } from '../sessions/session-key.ts'
import type { StoredProof } from '../stores/store.ts'
import { type CountedAuthenticator, countProofs, countsNow } from './counted.ts'
import type { EvidenceDomain } from './domain.ts'

/** Everything that a decision about a caller rests on, read at one time. */
export type Standing = Readonly<{
  caller: Caller
  policy: PublishedPolicy
  license: License | null
  /** What was proven in this session on this device, as it counts now; the primary login comes first. */
  proofs: readonly StoredProof[]
  /** The same as it is stored, without the login. */
  storedProofs: readonly StoredProof[]
  /** What the subject has enrolled, each with what it counts for now; nothing if someone acts for them. */
  authenticators: readonly CountedAuthenticator[]
  /** What signing in again can reach: more than `session` only at a login provider that is asked for more. */
  reloginLevel: Level
  /** Where mail of the subject goes; absent if no address is known, mail is not configured, or someone acts for them. */
  mailbox?: Mailbox
  risk: Risk
  /** Whether this device has proven to belong to the subject. */
  isKnownDevice: boolean
  /** The newest cursor of the change log before the rest was read: whatever changes later has a greater one. */
  revision: number
  /** Up to when everything of the subject was revoked before the rest was read, 0 if it never was: tokens must be newer. */
  revokedBefore: number
  /** Seconds since the epoch. */
  now: number
}>

/** Reads where a caller stands now. */
export async function loadStanding(domain: EvidenceDomain, caller: Caller): Promise<Standing> {
  const { store } = domain
  const policy = domain.policy()
  const now = domain.now()
  const [revision, revokedBefore] = await Promise.all([store.changes.head(), store.changes.revokedBefore(caller.subject)])
  const { subject, jkt } = sessionKey(caller)
  const [license, proofs, enrolled, device, mailbox] = await Promise.all([
    effectiveLicenseOf(domain, caller.account),
    store.proofs.list(sessionKey(caller)),
    caller.actor === undefined ? store.authenticators.list(caller.subject) : [],
    store.devices.find({ subject, jkt }),
    domain.mail && mailboxOf(domain, caller),
  ])
  const authenticators = enrolled.map((record) => countsNow(domain, record))
  const reloginLevel = reloginLevelOf(domain, caller)
  return {
    caller,
    policy,
    license,
    proofs: [...loginsOf(caller, policy, license), ...countProofs(proofs, authenticators)],
    storedProofs: proofs,
    authenticators,
    reloginLevel,
    ...(mailbox && { mailbox }),
    risk: assessRisk(policy.policy, device),
    isKnownDevice: device.bound,
    revision,
    revokedBefore,
    now,
  }
}

/** What the primary login of a caller counts for beside what was proven here. */
export function loginsOf({ login, vouchedBy }: Caller, { policy }: PublishedPolicy, license: License | null): readonly Proof[] {
  const raisedAt = policy.document.license?.upgraded === undefined ? undefined : license?.raisedAt
  return loginProofs({ login, vouchedBy, raisedAt })
}

/**
 * Where a caller stands once a proof of now is kept, without reading it again: for a write that holds only if nothing else has changed since.
 *
 * @param bindsDevice  whether the proof makes the device a known one
 */
export function standingWith(standing: Standing, proof: StoredProof, bindsDevice: boolean): Standing {
  const { caller, policy, license, authenticators } = standing
  const others = standing.storedProofs.filter(({ method, level }) => method !== proof.method || level !== proof.level)
  const storedProofs = [...others, proof]
  return {
    ...standing,
    storedProofs,
    proofs: [...loginsOf(caller, policy, license), ...countProofs(storedProofs, authenticators)],
    ...(bindsDevice && { risk: assessRisk(policy.policy, { any: true, bound: true }), isKnownDevice: true }),
  }
}
