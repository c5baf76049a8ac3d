/** Every sentence of the gates. `{feature}` and `{tier}` are replaced by their names. */
export type GateTexts = Readonly<{
  loading: string
  stepUpTitle: string
  stepUpBody: string
  stepUpButton: string
  enrollTitle: string
  enrollBody: string
  enrollButton: string
  upgradeTitle: string
  upgradeBody: string
  denyTitle: string
  denyBody: string
  errorTitle: string
  errorBody: string
  retryButton: string
  cancelled: string
  failed: string
}>

/** The sentences as they are where the application does not replace them. */
export const TEXTS: GateTexts = {
  loading: 'Loading…',
  stepUpTitle: 'Confirm it’s you',
  stepUpBody: '{feature} needs a fresh proof of who you are. You stay on this page and nothing is lost.',
  stepUpButton: 'Confirm and continue',
  enrollTitle: 'Set up a way to confirm it’s you',
  enrollBody: '{feature} needs a stronger proof than your sign-in. Set one up once; it takes half a minute.',
  enrollButton: 'Set it up',
  upgradeTitle: 'Not part of your plan',
  upgradeBody: '{feature} comes with {tier}.',
  denyTitle: 'Not available to you',
  denyBody: '{feature} is not available to you right now.',
  errorTitle: 'We could not check your access',
  errorBody: 'Nothing is lost. We keep trying; you can also try again now.',
  retryButton: 'Try again',
  cancelled: 'Not confirmed yet. Nothing has changed.',
  failed: 'That did not work. Nothing has changed; you can try again.',
}

/** Puts names into a sentence. */
export function fill(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? '')
}
