import type { AttemptFailure } from '@stile/protocol'
import { expect, test } from 'vitest'
import type { StileCode } from '../../error.ts'
import { ERROR_TEXTS, errorText } from './error-text.ts'
import { isLocked } from './lock.ts'
import { createSay, PROMPT_TEXTS } from './texts.ts'

const say = createSay({ ...PROMPT_TEXTS, ...ERROR_TEXTS })

const CODES: readonly StileCode[] = [
  'passkey_cancelled',
  'passkey_timeout',
  'passkey_unavailable',
  'passkey_failed',
  'relogin_failed',
  'mail_unavailable',
  'login_unavailable',
  'service_unavailable',
  'session_ended',
  'license_required',
  'enrollment_required',
  'denied',
  'method_unavailable',
  'too_many_attempts',
]
const FAILURES: readonly AttemptFailure[] = [
  'wrong_code',
  'code_used',
  'challenge_used',
  'credential_unknown',
  'user_handle_mismatch',
  'credential_changed',
  'counter_regressed',
  'user_verification_missing',
  'level_too_low',
  'login_invalid',
  'login_other_user',
  'login_time_missing',
  'login_too_old',
]

test('whatever people can do something about has a sentence of its own', () => {
  const sentences = [
    ...CODES.map((code) => errorText(say, { code })),
    ...FAILURES.map((failure) => errorText(say, { code: 'attempt_failed', failure })),
  ]
  expect(new Set(sentences).size).toBe(CODES.length + FAILURES.length)
  expect(sentences).not.toContain(ERROR_TEXTS.failed)
})

test('a security key is not called a passkey', () => {
  expect(errorText(say, { code: 'passkey_cancelled' }, 'security-key')).toBe(ERROR_TEXTS.key_cancelled)
  expect(errorText(say, { code: 'passkey_timeout' }, 'security-key')).toBe(errorText(say, { code: 'passkey_timeout' }))
})

test('a lock is told in minutes, a mail that has to wait in seconds, and only the first one locks', () => {
  const retryAt = Date.now() + 29_500
  const wait = { code: 'too_many_attempts', retryAt } as const
  expect(errorText(say, wait)).toBe(`${ERROR_TEXTS.tooSoon} ${say('waitFor', { seconds: 30 })}`)
  expect(isLocked(wait)).toBe(false)
  const lock = { code: 'too_many_attempts', retryAt, attemptsLeft: 0 } as const
  expect(errorText(say, lock)).toBe(`${ERROR_TEXTS.too_many_attempts} ${say('lockedFor', { minutes: 1 })}`)
  expect(isLocked(lock)).toBe(true)
  expect(isLocked({ ...lock, retryAt: Date.now() - 1 })).toBe(false)
})

test('with the last guess of a step-up its codes are over: the sentence says what to do instead', () => {
  const spent = { code: 'attempt_failed', failure: 'wrong_code', attemptsLeft: 0 } as const
  expect(errorText(say, spent)).toBe(`${ERROR_TEXTS.too_many_attempts} ${ERROR_TEXTS.startAnew}`)
  expect(isLocked(spent)).toBe(true)
  expect(isLocked({ ...spent, attemptsLeft: 1 })).toBe(false)
})

test.each(['origin_not_allowed', 'not_found', 'invalid_dpop_proof'] as const)(
  '%s is nothing that whoever uses the page can mend, and says so',
  (code) => {
    expect(errorText(say, { code })).toBe(ERROR_TEXTS.misconfigured)
  },
)
