import type { Method, Problem } from '@stile/protocol'
import type { StileCode } from '../../base.ts'
import { isMisconfigured } from '../../state/misconfigured.ts'
import type { FlowError } from '../../stile.ts'
import { areGuessesSpent, isLocked } from './lock.ts'
import type { Say } from './texts.ts'

export { ERROR_TEXTS } from './error-texts.ts'

type PasskeyCode = Extract<StileCode, `passkey_${string}`>

/** The keys of the sentences that say it of a security key. If there is no such sentence, the one for passkeys is used. */
const SECURITY_KEY_TEXTS: { readonly [C in StileCode]?: string } = {
  passkey_cancelled: 'key_cancelled',
  passkey_timeout: 'key_timeout',
  passkey_unavailable: 'key_unavailable',
  passkey_exists: 'key_exists',
  passkey_failed: 'key_failed',
} satisfies Record<PasskeyCode, string>

/** Above this the wait is told in minutes. */
const LONGEST_WAIT_IN_SECONDS = 90

/** The sentence for an error: what happened, what is left, when to try again. It is chosen by the code, never by the message. */
export function errorText(say: Say, error: FlowError | undefined, method?: Method): string {
  if (!error) return ''
  // only the service knows who can help
  const { detail } = error as Partial<Problem>
  if (error.code === 'denied' && detail) return detail
  const { code, failure, attemptsLeft } = error
  if (areGuessesSpent(error)) return `${say('too_many_attempts')} ${say('startAnew')}`
  // without a count no guess was wrong: too many mails were asked for
  const isTooSoon = code === 'too_many_attempts' && attemptsLeft === undefined
  const keyText = method === 'security-key' ? SECURITY_KEY_TEXTS[code] : undefined
  const happened = say([isTooSoon ? 'tooSoon' : failure, keyText, code, isMisconfigured(code) ? 'misconfigured' : 'failed'])
  return `${happened} ${remedy(say, error)}`.trim()
}

/** How long to wait, or else how many attempts are left. */
function remedy(say: Say, error: FlowError): string {
  const { attemptsLeft, retryAt = 0 } = error
  const seconds = Math.ceil((retryAt - Date.now()) / 1000)
  if (seconds <= 0 && attemptsLeft === 1) return say('oneAttemptLeft')
  if (seconds <= 0) return attemptsLeft ? say('attemptsLeft', { count: attemptsLeft }) : ''
  if (seconds > LONGEST_WAIT_IN_SECONDS || isLocked(error)) return say('lockedFor', { minutes: Math.ceil(seconds / 60) })
  return say('waitFor', { seconds })
}
