import type { CODE_TEXTS } from './code-texts.ts'
import type { ENROLLMENT_TEXTS } from './enrollment-texts.ts'
import type { ERROR_TEXTS } from './error-texts.ts'
import type { OPERATION_TEXTS } from './operation-texts.ts'
import type { PASSWORD_TEXTS } from './password-texts.ts'
import type { RECOVERY_TEXTS } from './recovery-texts.ts'
import type { STEP_UP_TEXTS } from './step-up-texts.ts'

/** The sentences of a prompt that goes well. `{…}` is filled in. */
export const PROMPT_TEXTS = {
  title: 'Confirm it’s you',
  purpose: 'To continue: {feature}',
  signedInAs: 'Signed in as {user}',
  holds: 'You won’t be asked again for {time}.',
  why_license_upgraded: 'Your plan has changed.',
  why_compliance_required: 'Your organization requires this.',
  why_risk_elevated: 'Something about this sign-in is unusual.',
  why_assurance_stale: 'It’s been a while since you last confirmed.',
  why_operation_unbound: 'You confirm this each time.',
  why_step_up_required: 'This needs more than your sign-in.',
  wait: 'One moment…',
  passkey: 'Follow the prompt from your browser or device.',
  another: 'Use another way',
  none: 'I can’t use this',
  cancel: 'Cancel',
  retry: 'Try again',
  service_unavailable: 'We can’t connect. Retrying automatically.',
} as const

/** The key of a sentence that the dialog has. */
export type TextKey =
  | keyof typeof PROMPT_TEXTS
  | keyof typeof CODE_TEXTS
  | keyof typeof STEP_UP_TEXTS
  | keyof typeof ERROR_TEXTS
  | keyof typeof OPERATION_TEXTS
  | keyof typeof PASSWORD_TEXTS
  | keyof typeof ENROLLMENT_TEXTS
  | keyof typeof RECOVERY_TEXTS

/** Every sentence of the dialog, by its key. The code of any failure is a key, too. */
export type Texts = Readonly<Record<TextKey | (string & {}), string>>

/** Gives the sentence for the first of these keys that has one, with `{name}` filled in from the values. */
export type Say = (keys: string | readonly (string | undefined)[], values?: Readonly<Record<string, string | number>>) => string

/** Creates a function that reads sentences from a table. If no key has a sentence, it gives an empty text. */
export function createSay(table: Readonly<Record<string, string | undefined>>): Say {
  return (keys, values = {}) => {
    const key = [keys].flat().find((each) => each && Object.hasOwn(table, each) && table[each])
    return ((key && table[key]) ?? '').replace(/\{(\w+)\}/g, (_, name) => `${values[name] ?? ''}`)
  }
}
