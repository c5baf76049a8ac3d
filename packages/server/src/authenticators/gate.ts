import { enrollmentOf, newestProof } from '@stile/policy'
import { type Level, type Proof, type Reason, type Requirement, rank } from '@stile/protocol'
import type { Standing } from '../decisions/standing.ts'

/** How old the proof may be that allows adding, renaming or removing an authenticator, in seconds. */
export const GATE_MAX_AGE_SECONDS = 300

/** Whether a subject may manage authenticators now, and what is missing where not. */
export type Gate =
  | Readonly<{ outcome: 'permit'; requirement: Requirement; reasons: readonly Reason[]; proof: Proof }>
  | Readonly<{ outcome: 'step_up'; requirement: Requirement; reasons: readonly Reason[] }>
  | Readonly<{ outcome: 'deny'; reasons: readonly Reason[]; detail: string }>

/**
 * The gate in front of everything that changes authenticators.
 *
 * It asks for a fresh proof of the strongest level enrolled, in this session and on this device; only where nothing above `session` is
 * enrolled it asks for what the policy lists for the first enrolment. A context that looks dangerous closes it.
 *
 * @param options.graceSeconds  how much older the proof may be, for the end of an enrolment that began with a fresh one
 */
export function authenticatorsGate(standing: Standing, options: Readonly<{ graceSeconds?: number }> = {}): Gate {
  const { caller, risk, proofs, now } = standing
  if (caller.actor !== undefined)
    return deny('actor_not_allowed', 'Whoever acts for somebody else cannot change their authenticators. Ask the person themselves.')
  if (risk.band === 'high' || risk.band === 'critical') return closed(standing)

  const strongest = strongestEnrolled(standing)
  const requirement: Requirement =
    strongest === 'session'
      ? { level: 'session', maxAgeSeconds: GATE_MAX_AGE_SECONDS, methods: enrollmentOf(standing.policy.policy).first }
      : { level: strongest, maxAgeSeconds: GATE_MAX_AGE_SECONDS }
  const asked = { ...requirement, maxAgeSeconds: GATE_MAX_AGE_SECONDS + (options.graceSeconds ?? 0) }
  const proof = newestProof(asked, { proofs }, now)
  // a ceremony of the strongest level also makes this device a known one, so on a new one it comes first; a login never does
  const given = newestProof(asked, { proofs: proofs.filter(({ method }) => method !== 'login') }, now)
  if (risk.band !== 'normal' && (strongest === 'session' || given !== undefined)) return closed(standing)
  if (proof === undefined || risk.band !== 'normal') return { outcome: 'step_up', requirement, reasons: [missing(strongest)] }
  return { outcome: 'permit', requirement, reasons: [], proof }
}

function strongestEnrolled({ authenticators }: Standing): Level {
  return authenticators.reduce<Level>((strongest, { level }) => (rank(level) > rank(strongest) ? level : strongest), 'session')
}

function missing(strongest: Level): Reason {
  const message =
    strongest === 'session'
      ? 'Sign in again first: changing how you prove who you are needs a login of the last 5 minutes.'
      : 'Confirm with an authenticator that you have: changing how you prove who you are needs the strongest of the last 5 minutes.'
  return { code: 'step_up_required', source: '/enrollment', message }
}

function closed({ risk, authenticators }: Standing): Gate {
  const help =
    authenticators.length > 0
      ? 'Use a browser in which you have confirmed before, or ask your administrator.'
      : 'Use a browser in which you have confirmed before, or ask your administrator to help you enrol.'
  const gate = deny('risk_elevated', `Authenticators cannot be changed here now, because something about this sign-in is unusual. ${help}`)
  return { ...gate, reasons: risk.reasons.length > 0 ? risk.reasons : gate.reasons }
}

function deny(code: Reason['code'], message: string): Extract<Gate, { outcome: 'deny' }> {
  return { outcome: 'deny', reasons: [{ code, source: '/enrollment', message }], detail: message }
}
