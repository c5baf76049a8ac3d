/** Title, body and, where there is something to do, the button of a card. `{feature}` and `{tier}` are replaced by their names. */
export type CardText = readonly [title: string, body: string, button?: string]

/** Every sentence of the gates. */
export type GateTexts = Readonly<{
  loading: string
  step_up: CardText
  enroll: CardText
  upgrade: CardText
  deny: CardText
  error: CardText
  cancelled: string
  failed: string
}>

/** The sentences as they are where the application does not replace them. */
export const TEXTS: GateTexts = {
  loading: 'Loading…',
  step_up: ['Confirm it’s you', '{feature} needs a fresh proof of who you are.', 'Confirm and continue'],
  enroll: ['Set up a way to confirm it’s you', '{feature} needs more than your sign-in.', 'Set it up'],
  upgrade: ['Not part of your plan', '{feature} comes with {tier}.'],
  deny: ['Not available to you', '{feature} is not available to you right now.'],
  error: ['We could not check your access', 'Nothing is lost. We keep trying.', 'Try again'],
  cancelled: 'Not confirmed yet. Nothing has changed.',
  failed: 'That did not work. Nothing has changed.',
}
