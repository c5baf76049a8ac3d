import type { AttemptFailure } from '@stile/protocol'
import { type ProblemMembers, StileError } from '../error.ts'

const DETAILS: Readonly<Record<AttemptFailure, string>> = {
  wrong_code: 'The code is not right. Type the six digits that the app shows now.',
  code_used: 'This code, or a newer one, has been used already. Wait for the next one, up to a minute.',
  challenge_used: 'This prompt has been answered already or was replaced by another. Start the method again.',
  credential_unknown: 'This passkey or key is not one that can be used here. Choose another one, or another method.',
  user_handle_mismatch: 'This passkey or key belongs to another account. Choose one of your own, or another method.',
  credential_changed: 'This passkey or key is no longer the one that was enrolled. Use another method, then remove it and enrol it again.',
  counter_regressed:
    'This passkey or key was used elsewhere since, so there may be a copy of it. Use another method, then remove it and enrol it again.',
  origin_mismatch: 'The prompt was answered on another site. Open this page at its usual address and try again.',
  cross_origin: 'The prompt was answered inside a page of another site. Open this page in a tab of its own and try again.',
  rp_mismatch: 'The passkey or key belongs to another site. Open this page at its usual address and try again.',
  user_verification_missing:
    'The device did not ask for your fingerprint, face or PIN, and this needs it. Set one up, or use another passkey or key.',
  signature_invalid: 'The passkey or key did not prove itself. Start the method again.',
  attestation_invalid:
    'This cannot be added as a security key: what it says of its maker is wrong, or it is a U2F key, which cannot check a PIN. Add it as a passkey, or use another key.',
  response_malformed: 'The answer cannot be read. Start the method again.',
  level_too_low: 'What was proven is not strong enough for this any more. Use a stronger method.',
  login_refused: 'The sign-in was not finished. Sign in again, or use another method.',
  login_invalid: 'The answer of the login provider does not belong to this sign-in. Sign in again.',
  login_other_user: 'You signed in as somebody else. Sign in again as yourself.',
  login_time_missing: 'The login provider did not say when you signed in, so it cannot count. Tell the administrator of this product.',
  login_too_old: 'The login provider let you in without asking again. Sign in again with your password.',
}

/** The one answer for every step-up that cannot go on. */
export function stepUpExpired(): StileError {
  return new StileError('step_up_expired', 'This step-up has ended or was finished already. Begin again.')
}

/** What is better known than the failure alone tells. */
type FailureDetails = Readonly<{ detail?: string | undefined }> & Pick<ProblemMembers, 'errors'>

/** The problem of an attempt that did not count, with a sentence that says what to do. */
export function attemptFailed(
  failure: AttemptFailure,
  attemptsLeft: number,
  { detail = DETAILS[failure], ...members }: FailureDetails = {},
): StileError {
  return new StileError('attempt_failed', detail, { failure, attemptsLeft, ...members })
}
