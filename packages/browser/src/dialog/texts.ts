/** The sentences of the step-up. `{…}` is filled in. */
export const TEXTS = {
  title: 'Confirm it’s you',
  purpose: 'Needed for: {feature}',
  starting: 'One moment…',
  passkey: 'Follow the prompt of your browser or device.',
  relogin: 'Sign in again to go on.',
  usePasskey: 'Use a passkey',
  useTotp: 'Use your authenticator app',
  useRelogin: 'Sign in again',
  otherWay: 'Use another way',
  code: '6-digit code from your authenticator app',
  verify: 'Confirm',
  verifying: 'Checking…',
  done: 'Confirmed',
  cancel: 'Cancel',
  close: 'Close',
  retry: 'Try again',
  enroll: 'Set it up now',
  attemptsLeft: 'Attempts left: {count}.',
  lockedFor: 'Try again in {minutes} min.',
  // by code
  wrong_code: 'That code is not right.',
  code_used: 'That code was used already. Wait for the next one.',
  attempt_failed: 'That could not be confirmed.',
  too_many_attempts: 'Too many wrong codes.',
  passkey_cancelled: 'The passkey prompt was closed.',
  passkey_timeout: 'Your browser did not answer.',
  passkey_unavailable: 'Passkeys cannot be used here.',
  passkey_exists: 'This device already has a passkey for you.',
  relogin_failed: 'You were not signed in again.',
  service_unavailable: 'The service cannot be reached. Trying again by itself.',
  session_ended: 'Your session has ended. Sign in again.',
  step_up_expired: 'That took too long. Start again.',
  license_required: 'Your plan does not include this.',
  enrollment_required: 'First set up a way to confirm it’s you.',
  method_unavailable: 'This browser offers no way to confirm it’s you.',
  failed: 'Something went wrong. Nothing was changed.',
} as const

/** The sentences of enrolment; loaded with it. */
export const ENROLL_TEXTS = {
  enrollTitle: 'Set up a way to confirm it’s you',
  enrollText: 'You will be asked for it when something needs a stronger proof.',
  passkeyTitle: 'Add a passkey',
  passkeyHint: 'Fingerprint, face or PIN of this device, or a security key. Recommended.',
  totpTitle: 'Add an authenticator app',
  totpHint: 'A code that changes every 30 seconds, from an app on your phone.',
  scan: 'Scan this with your app, then type the code that it shows.',
  secret: 'Or enter this key by hand',
  copy: 'Copy',
  copied: 'Copied',
  qr: 'QR code for your authenticator app',
  enrolled: 'All set',
  name: 'Name it, so that you know it again',
  save: 'Save',
  registration_expired: 'That took too long. Start again.',
} as const

/** Every sentence of the dialog, by its key. */
export type Texts = Readonly<Record<keyof typeof TEXTS | keyof typeof ENROLL_TEXTS, string>>

/** The sentence for each of these keys that exists first; `{name}` is filled in from `values`. */
export type Say = (keys: string | readonly (string | undefined)[], values?: Readonly<Record<string, string | number>>) => string

/** Reads sentences from a table. A key that is missing is skipped; without any, nothing is said. */
export function createSay(table: Readonly<Record<string, string | undefined>>): Say {
  return (keys, values = {}) => {
    const found = [keys].flat().find((key) => key && table[key]) ?? ''
    return (table[found] ?? '').replace(/\{(\w+)\}/g, (_, name) => `${values[name] ?? ''}`)
  }
}
