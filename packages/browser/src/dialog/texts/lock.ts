import type { FlowError } from '../../stile.ts'

/** Whether codes of every method are refused, be it for a while or for the rest of this step-up. */
export function isLocked(error: FlowError | undefined): boolean {
  return error?.attemptsLeft === 0 && (error.retryAt ?? Infinity) > Date.now()
}

/** Whether the guesses of this step-up are used up. The next one has its own. */
export function areGuessesSpent(error: FlowError | undefined): boolean {
  return error?.attemptsLeft === 0 && !error.retryAt
}
