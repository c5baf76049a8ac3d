import { decide, featuresOf, tiersInForce } from '@stile/policy'
import type { Authenticator, Decision, Level, License, State } from '@stile/protocol'
import type { Mailbox } from '../addresses/change.ts'
import { mailboxOf } from '../addresses/mailbox.ts'
import { countsNow } from '../authenticators/counts.ts'
import { forActor } from '../decisions/actor.ts'
import type { Caller, Domain, PublishedPolicy } from '../domain.ts'
import { effectiveLicenseOf } from '../licenses/licenses.ts'
import { reloginLevelOf } from '../login-providers/place.ts'
import { codeAddress } from '../methods/email-otp/code-address.ts'
import { assessRisk, type Risk } from '../risk/new-device.ts'
import { sessionKey } from '../sessions/session-key.ts'
import type { StoredProof } from '../stores/store.ts'
import { issueToken } from '../tokens/issue.ts'
import { type CountedAuthenticator, countProofs } from './counted.ts'

/** Everything that a decision about a caller rests on, read at one time. */
export type Standing = Readonly<{
  caller: Caller
  policy: PublishedPolicy
  license: License | null
  /** What was proven in this session on this device, as it counts now; the primary login comes first. */
  proofs: readonly StoredProof[]
  /** What the subject has enrolled, each with what it counts for now; nothing where someone acts for them. */
  authenticators: readonly CountedAuthenticator[]
  /** What signing in again can reach: more than `session` only at a login provider that is asked for more. */
  reloginLevel: Level
  /** Where mail of the subject goes; absent where no address is known, mail is not configured, or someone acts for them. */
  mailbox?: Mailbox
  risk: Risk
  /** The newest cursor of the change log before the rest was read: whatever changes later has a greater one. */
  revision: number
  /** Up to when everything of the subject was revoked before the rest was read, 0 where it never was: tokens must be newer. */
  revokedBefore: number
  /** Seconds since the epoch. */
  now: number
}>

/** Reads where a caller stands now. */
export async function loadStanding(domain: Domain, caller: Caller): Promise<Standing> {
  const { store } = domain
  const policy = domain.policy()
  const now = domain.now()
  const [revision, revokedBefore] = await Promise.all([store.changes.head(), store.changes.revokedBefore(caller.subject)])
  const [license, proofs, enrolled, risk, mailbox] = await Promise.all([
    effectiveLicenseOf(domain, caller.account),
    store.proofs.list(sessionKey(caller)),
    caller.actor === undefined ? store.authenticators.list(caller.subject) : [],
    assessRisk({ devices: store.devices, policy: policy.policy, caller }),
    domain.mail && mailboxOf(domain, caller),
  ])
  const authenticators = enrolled.map((record) => countsNow(domain, record))
  const reloginLevel = reloginLevelOf(domain, caller)
  return {
    caller,
    policy,
    license,
    proofs: [caller.login, ...countProofs(proofs, authenticators)],
    authenticators,
    reloginLevel,
    ...(mailbox && { mailbox }),
    risk,
    revision,
    revokedBefore,
    now,
  }
}

/**
 * Decides a feature for where a caller stands.
 *
 * @param operation  the operation that a ceremony was just completed for: give it only then, because every fresh proof counts for it
 */
export function decideFor(standing: Standing, feature: string, operation?: Readonly<{ digest: string }>): Decision {
  const { caller, policy, license, proofs, authenticators, reloginLevel, risk, now } = standing
  // nobody who acts for a subject binds the subject to an operation, also where only a tier asks for the binding
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

/**
 * What a caller may do now, with a token for what is proven already: the body of `GET /v1/state` and of every state event.
 *
 * @throws {StileError} `invalid_request` or `denied` for an audience that the caller may not ask for
 */
export async function stateOf(domain: Domain, standing: Standing, audience: string): Promise<State> {
  const { caller, policy, license, authenticators, risk, revision, now } = standing
  const decisions: Record<string, Decision> = {}
  for (const feature of featuresOf(policy.policy)) decisions[feature] = decideFor(standing, feature)
  return {
    revision,
    now,
    subject: caller.subject,
    ...(caller.actor !== undefined && { actor: caller.actor }),
    account: caller.account,
    license,
    tiers: tiersInForce(policy.policy, license),
    decisions,
    risk,
    authenticators: authenticators.map(publicAuthenticator),
    token: await issueToken(domain, standing, { audience }),
  }
}

/** What an address that codes can be sent to counts for. */
const MAILBOX = { method: 'email-otp', level: 'session' } as const

/** What an authenticator counts for now, and from when on in full. */
export function enrolledAs({ data, level, settlesAt }: CountedAuthenticator): Pick<Authenticator, 'method' | 'level' | 'settlesAt'> {
  return { method: data.method, level, ...(settlesAt !== undefined && { settlesAt }) }
}

/** An authenticator as its owner may see it: without keys, secrets and counters. */
export function publicAuthenticator(record: CountedAuthenticator): Authenticator {
  const { id, name, createdAt, lastUsedAt, boundBy, disabled, attestation } = record
  return {
    id,
    ...enrolledAs(record),
    name,
    createdAt,
    boundBy,
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    ...(disabled && { disabled }),
    ...(attestation !== undefined && { attestation }),
  }
}
