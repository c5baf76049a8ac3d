import type { GUIDE_TEXTS } from './setup-texts.ts'
import type { WAY_TEXTS } from './step-up-texts.ts'

/** The sentences of a prompt that goes well. `{…}` is filled in. */
export const TEXTS = {
  title: 'Confirm it’s you',
  purpose: 'Needed for: {feature}',
  'stile:authenticators': 'Changing how you confirm it’s you',
  'stile:recovery': 'Getting back in',
  wait: 'One moment…',
  passkey: 'Follow the prompt of your browser or device.',
  code: '6-digit code from your authenticator app',
  verify: 'Confirm',
  another: 'Use another way',
  none: 'I can’t do any of these',
  done: 'Confirmed',
  cancel: 'Cancel',
  retry: 'Try again',
  service_unavailable: 'The service cannot be reached. Trying again by itself.',
  failed: 'That did not work.',
} as const

/** Every sentence of the dialog, by its key. Any code of a failure is a key, too. */
export type Texts = Readonly<Record<keyof typeof TEXTS | keyof typeof WAY_TEXTS | keyof typeof GUIDE_TEXTS | (string & {}), string>>

/** The sentence for the first of these keys that has one, with `{name}` filled in from the values. */
export type Say = (keys: string | readonly (string | undefined)[], values?: Readonly<Record<string, string | number>>) => string

/** Reads sentences from a table; without any for a key, nothing is said. */
export function createSay(table: Readonly<Record<string, string | undefined>>): Say {
  return (keys, values = {}) => {
    const key = [keys].flat().find((each) => each && table[each]) ?? ''
    return (table[key] ?? '').replace(/\{(\w+)\}/g, (_, name) => `${values[name] ?? ''}`)
  }
}
