/** Title, body and, where there is something to do, the button of a card. */
export type CardText = readonly [title: string, body: string, button?: string]

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
  /** Stands for `{feature}` in a `TierGuard`. */
  this: string
  cancelled: string
  failed: string
}>

/** The sentences as they are where the application does not replace them. */
export const TEXTS: GateTexts = {
  loading: 'Loading…',
  step_up: ['Confirm it’s you', '{feature} needs a fresh proof that it’s you.', 'Confirm and continue'],
  enroll: ['Set up a way to confirm it’s you', '{feature} needs more than your sign-in.', 'Set it up'],
  upgrade: ['Not part of your plan', '{feature} comes with {tier}.'],
  deny: ['Not available to you', '{feature} is not available now. {reason}'],
  error: ['Your access could not be checked', 'Nothing is lost. We keep trying.', 'Try again'],
  this: 'This',
  cancelled: 'Not confirmed yet. Nothing has changed.',
  failed: 'That did not work. Nothing has changed.',
}
