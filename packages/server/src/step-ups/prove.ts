import type { AttemptFailure, Level, Method, Requirement } from '@stile/protocol'
import type { Domain } from '../domain.ts'
import { attemptFailed } from '../methods/failure.ts'
import { guessesLeft, takeGuess } from '../methods/limits.ts'
import { PASSKEY_AMR, verifyAuthentication } from '../methods/passkey/index.ts'
import { userHandleOf } from '../methods/passkey/user-handle.ts'
import { normalizeCode, TOTP_AMR, verifyTotp } from '../methods/totp.ts'
import type { StepUpRecord } from '../stores/store.ts'
import { userVerificationFor, type Way } from './ways.ts'

/** What an answer has proven. */
export type Proven = Readonly<{ method: Method; level: Level; amr: readonly string[]; authenticatorId: string }>

/**
 * Judges an answer by passkey. Its challenge is taken first, so that it is answered once, whatever comes of it.
 *
 * @throws {StileError} `attempt_failed`; the step-up stays open, and the method must be started again
 */
export async function provePasskey(
  domain: Domain,
  record: StepUpRecord,
  way: Way,
  requirement: Requirement,
  response: unknown,
): Promise<Proven> {
  const { store, options } = domain
  const fail = async (failure: AttemptFailure) =>
    attemptFailed(failure, await guessesLeft(domain, { subject: record.key.subject, ceremony: record.id }))
  const challenge = await store.stepUps.takeChallenge({ id: record.id, method: 'passkey' })
  if (challenge === null) throw await fail('challenge_used')
  const result = await verifyAuthentication({
    response,
    challenge,
    credentials: way.authenticators,
    userHandle: await userHandleOf(domain, record.key.subject),
    rp: options.webauthn,
    userVerification: userVerificationFor(requirement),
  })
  if (!result.ok) throw await fail(result.failure)
  const { authenticator, level, expectedCounter, counter, backupState } = result
  // of two answers with the same counter, one is a copy of the other
  const first = await store.authenticators.touch({ id: authenticator.id, expectedCounter, counter, backupState, now: domain.now() })
  if (!first) throw await fail('counter_regressed')
  return { method: 'passkey', level, amr: PASSKEY_AMR, authenticatorId: authenticator.id }
}

/**
 * Judges an answer by code. The guess is taken from the budget first and given back where it was none or could not be judged.
 *
 * @throws {StileError} `attempt_failed` or `too_many_attempts`; the step-up stays open
 */
export async function proveTotp(domain: Domain, record: StepUpRecord, way: Way, response: unknown): Promise<Proven> {
  const { store, sealer } = domain
  const guess = await takeGuess(domain, { subject: record.key.subject, ceremony: record.id })
  const code = normalizeCode((response as { code?: unknown } | null | undefined)?.code)
  const result = await verifyTotp({ code, authenticators: way.authenticators, sealer, store, now: domain.now() }).catch(async (error) => {
    await guess.forgive()
    throw error
  })
  if (!result.ok && result.failure === 'wrong_code') throw attemptFailed('wrong_code', guess.left)
  await guess.forgive()
  // a code that was used was no guess: a double click or a retry after a failing store sends it
  if (!result.ok) throw attemptFailed(result.failure, guess.left + 1)
  return { method: 'totp', level: 'mfa', amr: TOTP_AMR, authenticatorId: result.authenticator.id }
}
