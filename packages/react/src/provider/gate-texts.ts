/** The sentences of a card. */
export type CardText = Readonly<{
  title: string
  body: string
  /** The label of the button, if there is something to do. */
  button?: string
}>

/**
 * Every sentence of the gates.
 *
 * In bodies `{feature}` and `{tier}` are replaced by their labels, `{reason}` by what the policy says, in the policy's language.
 */
export type GateTexts = Readonly<{
  loading: string
  step_up: CardText
  enroll: CardText
  upgrade: CardText
  deny: CardText
  error: CardText
  /** The session has ended, and the subject can sign in again here. */
  ended: CardText
  /** Stands for `{feature}` in a `TierGuard`. */
  this: string
  cancelled: string
  failed: string
}>

/** The sentences that the application does not replace. */
export const TEXTS: GateTexts = {
  loading: 'Loading…',
  step_up: {
    title: 'Confirm it’s you',
    body: '{feature} needs a fresh proof that it’s you.',
    button: 'Confirm and continue',
  },
  enroll: {
    title: 'Set up a way to confirm it’s you',
    body: '{feature} needs more than your sign-in.',
    button: 'Set it up',
  },
  upgrade: { title: 'Not part of your plan', body: '{feature} comes with {tier}.' },
  deny: { title: 'Not available to you', body: '{feature} is not available now. {reason}' },
  error: { title: 'Your access could not be checked', body: 'Nothing is lost. We keep trying.', button: 'Try again' },
  ended: { title: 'Your session has ended', body: 'Nothing is lost.', button: 'Sign in again' },
  this: 'This',
  cancelled: 'Not confirmed yet. Nothing has changed.',
  failed: 'That did not work. Nothing has changed.',
}
