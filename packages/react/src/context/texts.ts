import type { ReasonCode } from '@stile/protocol'
import type { CardKind } from './slots.ts'

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
 * In bodies `{feature}` and `{tier}` are replaced by their labels, `{reason}` by the sentence for the decision's reason.
 */
export type GateTexts = Readonly<
  Record<CardKind, CardText> & {
    loading: string
    /** Stands in place of a card that could not be loaded. */
    broken: string
    /** Stands for `{feature}` in a `TierGuard`. */
    this: string
    cancelled: string
    failed: string
    /** Why something is denied. A reason without a sentence here is told in the policy's own words. */
    reasons: Readonly<Partial<Record<ReasonCode, string>>>
  }
>

/** The sentences of the card that leads to a prompt. */
export const PROMPT_CARD_TEXTS: Pick<GateTexts, 'step_up' | 'cancelled' | 'failed'> = {
  step_up: {
    title: 'Confirm it’s you',
    body: 'To continue to “{feature}”, confirm it’s you.',
    button: 'Confirm and continue',
  },
  cancelled: 'Not confirmed yet. Nothing has changed.',
  failed: 'That didn’t work. Nothing has changed.',
}
