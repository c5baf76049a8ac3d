import { RECOVERY_FEATURE, type RecoveryTicket } from '@stile/protocol'
import { z } from 'zod'
import { noticeFor } from '../addresses/notice-for.ts'
import { type ProblemMembers, StileError } from '../error.ts'
import { takeGuess } from '../guesses/guesses.ts'
import { readBody } from '../input/body.ts'
import { enrollableMethods } from '../methods/methods.ts'
import { waysToMeet } from '../methods/ways.ts'
import type { Caller } from '../sessions/caller.ts'
import { endOfAll } from '../sessions/end-sessions.ts'
import { sessionKey } from '../sessions/session-key.ts'
import { loadStanding } from '../standing/standing.ts'
import type { Domain } from '../tokens/domain.ts'
import { readRecoveryCode, recoveryCodeDigest } from './code.ts'
import { recoveryDemand } from './demand.ts'
import { recoveryLinkDigest } from './link.ts'

/** How long a ticket is good for, in seconds. */
export const TICKET_SECONDS = 600

const text = z.string().min(1).max(512)
/** The body of `POST /v1/recovery`: a code or the token of a link, never both. */
const BODY = z
  .object({ code: text.optional(), link: text.optional() })
  .refine(({ code, link }) => (code === undefined) !== (link === undefined), 'must have either "code" or "link"')

/**
 * Redeems a recovery code, or the link of an administrator; body `{ code }` or `{ link }`. It yields no level, only a ticket to add one
 * authenticator in this session on this device. All other sessions of the subject end, their devices are known no more, and the pinned
 * address is told.
 *
 * The sign-in comes first: before it nothing is looked at, counted or used. What is wrong, unknown, used, expired or somebody else's is
 * answered in the same words and with the same work. A text that cannot be a code is no guess, and `errors` says so. Codes have a budget of guesses that they share with
 * nothing, so that no other guesses close this way back; a link cannot be guessed.
 *
 * @throws {StileError} `invalid_request`, `denied`, `insufficient_user_authentication` for the feature `stile:recovery`,
 *   `too_many_attempts`, `recovery_failed`
 */
export async function redeemRecovery(domain: Domain, caller: Caller, body: unknown): Promise<RecoveryTicket> {
  const given = readBody(BODY, body)
  const standing = await loadStanding(domain, caller)
  const { outcome, requirement, reasons } = recoveryDemand(domain, standing, { byLink: given.link !== undefined })
  if (outcome === 'step_up') {
    const methods = waysToMeet(domain, standing, requirement).map(({ way }) => way.method)
    const detail = reasons.at(-1)?.message ?? 'Sign in again first.'
    throw new StileError('insufficient_user_authentication', detail, { feature: RECOVERY_FEATURE, requirement, reasons, next: { methods } })
  }
  if (given.link !== undefined) return redeem(domain, caller, { kind: 'link', digest: recoveryLinkDigest(given.link) })

  const code = readRecoveryCode(given.code)
  if (code === undefined) throw recoveryFailed([{ pointer: '/code', detail: 'must be the 16 characters of a recovery code' }])
  return domain.inTurn(`recovery ${caller.subject}`, () => redeemCode(domain, caller, code))
}

async function redeemCode(domain: Domain, caller: Caller, code: string): Promise<RecoveryTicket> {
  const guess = await takeGuess(domain, { subject: caller.subject, budget: 'recovery' })
  const digest = recoveryCodeDigest(domain.options.secret, caller.subject, code)
  let isWrong = false
  try {
    return await redeem(domain, caller, { kind: 'code', digest })
  } catch (error) {
    // the code that this very session has just used, as a double click sends it, was no guess
    isWrong = error instanceof StileError && (await domain.store.recovery.ticket(sessionKey(caller)))?.digest !== digest
    throw error
  } finally {
    await (isWrong ? guess.wrong() : guess.forgive())
  }
}

async function redeem(domain: Domain, caller: Caller, proof: Readonly<{ kind: 'code' | 'link'; digest: string }>): Promise<RecoveryTicket> {
  const key = sessionKey(caller)
  const now = domain.now()
  const expiresAt = now + TICKET_SECONDS
  // made before it is known whether it is right, so that it takes no longer if it is
  const notices = await noticeFor(domain, caller, 'recovery_used', { by: proof.kind })
  const end = endOfAll(domain, { subject: caller.subject, except: key, forgetDevices: true })
  const redeemed = await domain.store.recovery.redeem({ key, proof, now, ticketExpiresAt: expiresAt, end, notices })
  if (!redeemed) throw recoveryFailed()
  return { expiresAt, methods: enrollableMethods(domain.options) }
}

/** The one answer for every code and link that does not recover; `errors` if it is not even written like a code. */
function recoveryFailed(errors?: NonNullable<ProblemMembers['errors']>): StileError {
  return new StileError(
    'recovery_failed',
    'This does not recover your account: it is wrong, was used already or has expired. Check it, use another code, or ask for a new link.',
    errors && { errors },
  )
}
