import type { ENROLL_TEXTS } from './enroll-texts.ts'

/** The sentences of the step-up, the codes that they explain among them. `{…}` is filled in. */
export const TEXTS = {
  title: 'Confirm it’s you',
  purpose: 'Needed for: {feature}',
  wait: 'One moment…',
  passkey: 'Follow the prompt of your browser or device.',
  usePasskey: 'Use a passkey',
  useTotp: 'Use your authenticator app',
  useRelogin: 'Sign in again',
  code: '6-digit code from your authenticator app',
  verify: 'Confirm',
  done: 'Confirmed',
  cancel: 'Cancel',
  close: 'Close',
  retry: 'Try again',
  enroll: 'Set it up now',
  attemptsLeft: 'Attempts left: {count}.',
  lockedFor: 'Try again in {minutes} min.',
  wrong_code: 'That code is not right.',
  code_used: 'That code was used already. Wait for the next one.',
  too_many_attempts: 'Too many wrong codes.',
  passkey_cancelled: 'The passkey prompt was closed.',
  passkey_unavailable: 'Passkeys cannot be used here.',
  service_unavailable: 'The service cannot be reached. Trying again by itself.',
  session_ended: 'Your session has ended. Sign in again.',
  license_required: 'Your plan does not include this.',
  enrollment_required: 'First set up a way to confirm it’s you.',
  failed: 'That did not work.',
} as const

/** Every sentence of the dialog, by its key. Any code of a failure is a key, too. */
export type Texts = Readonly<Record<keyof typeof TEXTS | keyof typeof ENROLL_TEXTS | (string & {}), string>>

/** The sentence for the first of these keys that has one, with `{name}` filled in from the values. */
export type Say = (keys: string | readonly (string | undefined)[], values?: Readonly<Record<string, string | number>>) => string

/** Reads sentences from a table; without any for a key, nothing is said. */
export function createSay(table: Readonly<Record<string, string | undefined>>): Say {
  return (keys, values = {}) => {
    const key = [keys].flat().find((each) => each && table[each]) ?? ''
    return (table[key] ?? '').replace(/\{(\w+)\}/g, (_, name) => `${values[name] ?? ''}`)
  }
}
