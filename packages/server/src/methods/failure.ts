import type { AttemptFailure } from '@stile/protocol'
import { StileError } from '../error.ts'

const DETAILS: Readonly<Record<AttemptFailure, string>> = {
  wrong_code: 'The code is not right. Type the six digits that the app shows now.',
  code_used: 'This code has been used already. Wait for the next one, up to 30 seconds.',
  challenge_used: 'This prompt has been answered already or was replaced by another. Start the method again.',
  credential_unknown: 'This passkey is not one that can be used here. Choose another one, or another method.',
  credential_changed: 'This passkey is no longer the one that was enrolled. Use another method, then remove it and enrol it anew.',
  counter_regressed:
    'This passkey was used elsewhere since, so there may be a copy of it. Use another method, then remove it and enrol it anew.',
  origin_mismatch: 'The prompt was answered on another site. Open this page at its usual address and try again.',
  cross_origin: 'The prompt was answered inside a page of another site. Open this page in a tab of its own and try again.',
  rp_mismatch: 'The passkey belongs to another site. Open this page at its usual address and try again.',
  user_verification_missing:
    'The device did not ask for your fingerprint, face or PIN, and this needs it. Set one up, or use another passkey.',
  signature_invalid: 'The passkey did not prove itself. Start the method again.',
  response_malformed: 'The answer cannot be read. Start the method again.',
  level_too_low: 'What was proven is not strong enough for this any more. Use a stronger method.',
}

/** The problem of an attempt that did not count, with a sentence that says what to do. */
export function attemptFailed(failure: AttemptFailure, attemptsLeft: number): StileError {
  return new StileError('attempt_failed', DETAILS[failure], { failure, attemptsLeft })
}
