import { canMeet } from '@stile/policy'
import type { EmailCodeStart, Method, Requirement, StepUpMethod } from '@stile/protocol'
import { type AttemptFailure, METHODS, problem } from '@stile/protocol'
import type { Totp } from '../authenticators/totp.ts'
import { type Answer, type Body, codeOf, refuse, responseOf } from '../requests/answer.ts'
import { CEREMONY, FRESH_SECONDS, type ServiceContext } from '../requests/context.ts'
import { enrolledIn } from '../world/decisions.ts'

/** What was started of a method; a response uses it up. */
export type Started = Readonly<{ start: unknown; secret?: string; at: number; count: number }>
/** What was started in one step-up. */
export type Ceremony = Readonly<{ id: string; requirement: Requirement; started: Map<Method, Started> }>

/** How long the mailbox has before another code can be asked for, in seconds, after the first, the second and so on. */
const RESEND_SECONDS = [30, 60, 120, 240]
const CODE_SECONDS = 300

/** The methods that can meet a requirement with what the subject has; `only` leaves out all others. */
export function methodsIn(
  { world, clock, mailbox }: ServiceContext,
  requirement: Requirement,
  only: readonly Method[] = METHODS,
): readonly Method[] {
  const enrolled = enrolledIn(world(), clock.now())
  const asksMail = requirement.level === 'session' || requirement.methods?.includes('email-otp')
  return METHODS.filter((method) => {
    if (!only.includes(method) || requirement.methods?.includes(method) === false) return false
    if (method === 'relogin') return requirement.level === 'session'
    // if risk is raised a rule has to name the mailbox
    if (method === 'email-otp') return asksMail && mailbox.takesCodes()
    return enrolled.some((each) => each.method === method && canMeet(requirement, each))
  })
}

/** A way as the browser lists it: the name of the only authenticator, or of the login provider, tells which one is meant. */
export function wayIn({ world, clock }: ServiceContext, { requirement, started }: Ceremony, method: Method): StepUpMethod {
  const { authenticators, proofs, loginProvider, loginGap } = world()
  const [only, ...others] = authenticators.filter((each) => each.method === method && !each.disabled && canMeet(requirement, each))
  const hint = method === 'relogin' ? loginProvider : others.length === 0 && only?.name
  const start = started.get(method)
  const alive = start && clock.now() - start.at < CODE_SECONDS
  const why = method === 'relogin' && !proofs.some((proof) => proof.method === 'relogin') && loginGap
  return { method, ...(hint && { hint }), ...(why && { why }), ...(alive && { start: start.start }) }
}

/** Starts a method, again or for the first time; the refusal if it cannot be started now. */
export function startIn(context: ServiceContext, ceremony: Ceremony, method: Method): Answer | undefined {
  const { world, clock, mailbox, nextId } = context
  const { id, started } = ceremony
  const at = clock.now()
  const before = started.get(method)
  const put = (start: unknown, secret?: string) => {
    started.set(method, { start, at, count: (before?.count ?? 0) + 1, ...(secret !== undefined && { secret }) })
    return undefined
  }
  if (method === 'passkey' || method === 'security-key') return put({ ...CEREMONY, challenge: base64url(nextId('challenge')) })
  if (method === 'email-otp') {
    const { resendAt = 0 } = (before?.start ?? {}) as Partial<EmailCodeStart>
    if (resendAt > at)
      return refuse(problem('too_many_attempts', 'Wait a little before you ask for another code.', { retryAfter: resendAt - at }))
    const code = `${crypto.getRandomValues(new Uint32Array(1))[0] ?? 0}`.slice(-6).padStart(6, '0')
    if (!mailbox.send('code', code)) return refuse(problem('mail_unavailable', 'The code could not be sent. Nothing was counted.'))
    const wait = RESEND_SECONDS[Math.min(before?.count ?? 0, RESEND_SECONDS.length - 1)] ?? 0
    const start: EmailCodeStart = { sentTo: mailbox.hint() ?? '', resendAt: at + wait, expiresAt: at + CODE_SECONDS }
    return put(start, code)
  }
  const { loginProvider, away } = world()
  if (method === 'relogin' && loginProvider) {
    if (away.includes('login')) return refuse(problem('login_unavailable', 'The login provider cannot be reached. Nothing was counted.'))
    const state = `${id}.${base64url(crypto.randomUUID())}`
    return put({ url: `https://${loginProvider}/authorize?state=${state}` }, state)
  }
  return undefined
}

/** Judges an answer; nothing if it proves what it should. */
export function judgeIn(context: ServiceContext, totp: Totp, { id, started }: Ceremony, method: Method, body: Body): Answer | undefined {
  const { world, clock, guesses } = context
  const failed = (failure: AttemptFailure, members: { attemptsLeft?: number } = {}) =>
    refuse(problem('attempt_failed', 'That did not prove it.', { failure, ...members }))
  const refused = world().refuses[method]
  const begun = started.get(method)
  if (method === 'totp' || method === 'email-otp') {
    const guess = guesses.take(id)
    if ('status' in guess) return guess
    const alive = begun?.secret !== undefined && clock.now() - begun.at < FRESH_SECONDS
    const wrong = refused ?? (method === 'totp' ? totp(codeOf(body)) : alive && codeOf(body) === begun.secret ? undefined : 'wrong_code')
    if (method === 'totp' && wrong !== 'code_used') guesses.count(wrong === undefined)
    if (wrong === 'wrong_code') return failed(wrong, { attemptsLeft: guess.left })
    guess.forgive()
    return wrong && failed(wrong, { attemptsLeft: guess.left + 1 })
  }
  // whatever the answer is, what it answers was used
  started.delete(method)
  if (refused) return failed(refused)
  if (method !== 'relogin') return begun ? undefined : failed('challenge_used')
  if (!begun) return refuse(problem('method_unavailable', 'Sign in where the application asks for it.'))
  const { state, error, code } = responseOf(body)
  if (state !== begun.secret) return failed('login_invalid')
  if (error !== undefined) return failed('login_refused')
  return code === undefined ? failed('login_invalid') : undefined
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
