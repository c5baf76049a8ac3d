import { enrollmentOf, newestProof } from '@stile/policy'
import { AUTHENTICATORS_FEATURE, type Level, type Method, type Reason, type Requirement, rank } from '@stile/protocol'
import { lowestLevelAt } from '../login-providers/acr.ts'
import { type OpenWay, waysToMeet } from '../methods/ways.ts'
import { missingSignIn } from '../standing/sign-in.ts'
import type { Standing } from '../standing/standing.ts'
import type { BoundBy, TicketRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'

/** How old the proof may be that allows a change of authenticators, recovery codes or devices, in seconds. */
export const GATE_MAX_AGE_SECONDS = 300

/** Whether a subject may manage authenticators now, and what is missing if not. */
export type Gate =
  | Readonly<{
      outcome: 'permit'
      requirement: Requirement
      reasons: readonly Reason[]
      /** What opened it. */
      by: BoundBy
      /** The ticket that opened it: to be used up with what it lets in. */
      ticket?: TicketRecord
    }>
  | Readonly<{ outcome: 'step_up'; requirement: Requirement; reasons: readonly Reason[] }>
  | Readonly<{ outcome: 'deny'; reasons: readonly Reason[]; detail: string }>

/** What is known beside the standing. */
export type GateOptions = Readonly<{
  /** How much older the proof may be, for the end of an enrolment that began with a fresh one. */
  graceSeconds?: number
  /** The ticket of this session on this device. Give it only if something is added: a ticket opens nothing else. */
  ticket?: TicketRecord | null
  /** What is asked for instead of the strongest enrolled, if a recovery allows it for this very change. */
  level?: Level | undefined
  /** The proofs that count if something is enrolled. Default: all that was proven in this session on this device. */
  proofs?: Standing['proofs']
}>

/**
 * The gate in front of everything that changes authenticators.
 *
 * If something above `session` is enrolled, it asks for a fresh proof of the strongest level, given in this session, on this device and for that
 * very change. What is switched off still counts there, so that nobody opens a weaker gate by using up its guesses.
 *
 * If nothing is, it asks for all that the policy lists for the first enrolment, one after the other. A sign-in of this very key comes first (see
 * {@link missingSignIn}); people with a second factor at the login provider sign in with it.
 *
 * While the context is unusual that is not enough. A proof with something enrolled makes the device a known one; if nothing is enrolled, a code
 * to the pinned address is asked for too. While it looks dangerous only the ticket of an administrator opens it.
 */
export function authenticatorsGate(
  domain: Domain,
  standing: Standing,
  { graceSeconds = 0, ticket = null, level, proofs = standing.proofs }: GateOptions = {},
): Gate {
  const { caller, risk, now } = standing
  const help = `Ask ${domain.options.help}.`
  if (caller.actor !== undefined)
    return deny('actor_not_allowed', 'Whoever acts for somebody else cannot change their authenticators. Ask the person themselves.')
  const dangerous = risk.band === 'high' || risk.band === 'critical'
  const isTheFirst = hasNothingAboveSession(standing)
  const [first, ...others] = asksOf(domain, standing, level)
  if (ticket !== null && ticket.expiresAt > now - graceSeconds && (!dangerous || ticket.by === 'admin'))
    return { outcome: 'permit', requirement: first, reasons: [], by: { method: ticket.by, level: 'session' }, ticket }
  if (dangerous) return closed(standing, `${UNUSUAL} ${help} They can send you a link.`)

  const provenBy = (ask: Requirement, given: Standing['proofs']) =>
    newestProof({ ...ask, maxAgeSeconds: GATE_MAX_AGE_SECONDS + graceSeconds }, { proofs: given }, now)
  if (risk.band !== 'normal' && !isTheFirst) {
    // a ceremony of the strongest level also makes this device a known one; a login never does
    const ceremonies = proofs.filter(({ method }) => method !== 'login')
    if (provenBy(first, ceremonies) !== undefined)
      return closed(standing, `${UNUSUAL} Use a browser in which you have confirmed before. ${help}`)
    return stepUp(domain, standing, first)
  }
  const signIn = isTheFirst ? missingSignIn(domain, standing, { ...first, maxAgeSeconds: GATE_MAX_AGE_SECONDS + graceSeconds }) : undefined
  if (signIn !== undefined) return stepUp(domain, standing, { ...signIn, maxAgeSeconds: GATE_MAX_AGE_SECONDS })
  const proof = provenBy(first, isTheFirst ? standing.proofs : proofs)
  if (proof === undefined) return stepUp(domain, standing, first)
  const missing = others.find((ask) => provenBy(ask, standing.proofs) === undefined)
  if (missing !== undefined) return stepUp(domain, standing, missing)
  return { outcome: 'permit', requirement: first, reasons: [], by: { method: proof.method, level: proof.level } }
}

const UNUSUAL = 'Authenticators cannot be changed here now, because something about this sign-in is unusual.'

/** What must be proven, all of it, in this order. */
function asksOf({ options }: Domain, standing: Standing, level?: Level): readonly [Requirement, ...Requirement[]] {
  const strongest = strongestEnrolled(standing)
  if (strongest !== 'session') return [fresh(level ?? strongest)]
  const listed = enrollmentOf(standing.policy.policy).first
  const raised: readonly Method[] = standing.risk.band === 'normal' || listed.includes('email-otp') ? [] : ['email-otp']
  // a sign-in always comes first: mail alone is no authentication channel (NIST SP 800-63B-4 §3.1.3.1)
  const others = [...listed, ...raised].filter((method) => method !== 'relogin')
  // of the issuer, whichever client asks: nobody gets a weaker gate by naming one without a page to come back to
  const issuer = options.issuers.find(({ id }) => id === standing.caller.issuer)
  const signIn = issuer === undefined || issuer.firstEnrollment === 'login' ? 'session' : lowestLevelAt(issuer)
  return [fresh(signIn, 'relogin'), ...others.map((method) => fresh('session', method))]
}

function fresh(level: Level, method?: Method): Requirement {
  return { level, maxAgeSeconds: GATE_MAX_AGE_SECONDS, ...(method !== undefined && { methods: [method] }) }
}

/** Whether nothing above the session is enrolled, so that a change is let in by what the policy lists for the first enrolment. */
export function hasNothingAboveSession(standing: Standing): boolean {
  return strongestEnrolled(standing) === 'session'
}

/** The ways in which a caller can give the proof for a change. People who sign in are not shown what for, so a login proves none. */
export function waysToChange(domain: Domain, standing: Standing, requirement: Requirement): readonly OpenWay[] {
  const ways = waysToMeet(domain, standing, requirement, AUTHENTICATORS_FEATURE)
  return hasNothingAboveSession(standing) ? ways : ways.filter(({ way }) => way.method !== 'relogin')
}

/** Also what is switched off or lost: an attacker must not get a weaker gate by guessing. */
function strongestEnrolled({ authenticators }: Standing): Level {
  return authenticators.reduce<Level>((strongest, { level }) => (rank(level) > rank(strongest) ? level : strongest), 'session')
}

/** Asks for a proof, or says who can help if nothing could give it. */
function stepUp(domain: Domain, standing: Standing, requirement: Requirement): Gate {
  const { level, methods } = requirement
  if (waysToChange(domain, standing, requirement).length > 0) {
    const message =
      level !== 'session' && methods?.includes('relogin')
        ? 'Sign in again with your second factor first: a password alone is not enough to add the first authenticator here.'
        : level !== 'session'
          ? 'Confirm this change with the strongest authenticator that you have: what you confirmed for something else does not count.'
          : methods?.includes('email-otp')
            ? 'Confirm with a code that is sent to your mail address: this sign-in alone is not enough to add the first authenticator here.'
            : 'Sign in again first: changing how you prove who you are needs a login of the last 5 minutes.'
    return { outcome: 'step_up', requirement, reasons: [{ code: 'step_up_required', source: '/enrollment', message }] }
  }
  const { help } = domain.options
  if (level !== 'session' && methods?.includes('relogin'))
    return deny('requirement_unsatisfiable', `A sign-in with your second factor is needed, and this page cannot ask for one. Ask ${help}.`)
  if (level !== 'session')
    return deny(
      'requirement_unsatisfiable',
      `What you have enrolled cannot confirm this any more. Use a recovery code, or ask ${help} for a recovery link.`,
    )
  const how = `A code to your mail address is needed to add the first authenticator here, and none can be sent now.`
  return standing.risk.band === 'normal'
    ? deny('requirement_unsatisfiable', `${how} Ask ${help}.`)
    : closed(standing, `${UNUSUAL} Use a browser in which you have confirmed before, or ask ${help} to help you enrol.`)
}

function closed({ risk }: Standing, detail: string): Gate {
  const gate = deny('risk_elevated', detail)
  return { ...gate, reasons: risk.reasons.length > 0 ? risk.reasons : gate.reasons }
}

function deny(code: Reason['code'], message: string): Extract<Gate, { outcome: 'deny' }> {
  return { outcome: 'deny', reasons: [{ code, source: '/enrollment', message }], detail: message }
}
