import type { Method, Problem } from '@stile/protocol'
import type { FlowError } from '../../stile.ts'
import type { Say } from './texts.ts'

/** Whether no code counts, whichever method it is of: for a while, or in this step-up at all. */
export function isLocked(error: FlowError | undefined): boolean {
  return error?.attemptsLeft === 0 && (error.retryAt ?? Infinity) > Date.now()
}

/** The sentence for an error: what happened, what is left, when to try again. Texts are chosen by code, never by message. */
export function errorText(say: Say, error: FlowError | undefined, method?: Method): string {
  if (!error) return ''
  // who can help is the service's to say
  const { detail } = error as Partial<Problem>
  if (error.code === 'denied' && detail) return detail
  const { code, failure, attemptsLeft, retryAt = 0 } = error
  const seconds = Math.ceil((retryAt - Date.now()) / 1000)
  // too many mails were asked for: no guess was wrong
  const soon = code === 'too_many_attempts' && attemptsLeft === undefined
  const key = method === 'security-key' ? code.replace('passkey', 'key') : code
  const wait = seconds > 90 || isLocked(error) ? say('lockedFor', { minutes: Math.ceil(seconds / 60) }) : say('waitFor', { seconds })
  // the guesses of this step-up are used up; the next one has its own
  if (attemptsLeft === 0 && !retryAt) return `${say('too_many_attempts')} ${say('startAnew')}`
  const rest = seconds > 0 ? wait : attemptsLeft ? say('attemptsLeft', { count: attemptsLeft }) : ''
  return `${say([soon ? 'tooSoon' : failure, key, code, 'failed'])} ${rest}`.trim()
}
