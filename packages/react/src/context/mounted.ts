import type { ClientState, Flow, StepUpOptions } from '@stile/browser'
import type { Decision, License } from '@stile/protocol'
import type { ReactElement, ReactNode } from 'react'
import type { TierName } from '../register.ts'
import type { StileContextValue } from './context.ts'
import type { CardKind, CardSlots, CardView, SlotName } from './slots.ts'
import type { GateTexts } from './texts.ts'

/** What a gate shows a card for: a decision, a license or an error. */
export type CardAsked = Readonly<{
  /** What people read for the feature. */
  name?: string | undefined
  /** The feature that is asked for. */
  feature?: string | undefined
  decision?: Decision | undefined
  license?: License | null | undefined
  /** The tier that the license would have to include, and its label. */
  tier?: Readonly<{ id: TierName; name: string }>
  error?: Extract<ClientState, { status: 'error' }>
  busy?: boolean
  /** How the last ceremony ended. */
  ended?: 'cancelled' | 'failed' | undefined
  /** Starts the ceremony. */
  onConfirm?: () => void
  /** The gate's own components; they go before the provider's. */
  slots?: CardSlots | undefined
  /** Shown until what is needed is loaded. */
  loading?: ReactNode
  /** The application's own paywall. */
  fallback?: ReactNode
}>

/** A card, and what is shown in its place until what it needs is loaded, or if that could not be. */
export type CardProps = CardAsked & Readonly<{ context: StileContextValue; waiting: ReactNode; broken: ReactNode }>

/** What the sentences of a card are filled with. */
export type CardValues = Readonly<Record<string, string | undefined>>

/** What the cards of a closed gate need that leads to no prompt at once, and what every card needs only once it goes. */
export type ClosedCards = Readonly<{
  CLOSED_CARD_TEXTS: Partial<GateTexts>
  /** Which of these cards is shown for what closes a gate. */
  closedKind: (asked: CardAsked) => Exclude<CardKind, 'step_up'>
  /** The name of the slot that each of them is replaced by. */
  SLOT_NAMES: Readonly<Record<Exclude<CardKind, 'step_up'>, SlotName>>
  /** The link of a card that leads to another page. */
  CardLink: (props: CardLinkProps) => ReactElement
  /** What their sentences are filled with, besides the name of the feature. */
  closedValues: (asked: CardAsked, said: Pick<StileContextValue, 'labels'> & Readonly<{ texts: Partial<GateTexts> }>) => CardValues
  /** What the button of a card does; `undefined` if there is nothing to do. */
  actionOf: (kind: CardKind, asked: CardAsked, context: StileContextValue) => Pick<CardView, 'act' | 'href'> | undefined
  /** Hands the focus of a card's button that is about to go on to what comes in its place. */
  handOnFocus: (button: HTMLElement) => void
  /** Follows the focus from now on. */
  followFocus: () => void
  /** Whether the focus was in a gate's open content, and is nowhere since that was taken away. */
  hasLostFocus: (gateName: string | undefined) => boolean
}>

/** A link in place of a card's button. */
export type CardLinkProps = Readonly<{ href: string; children: ReactNode }>

/** How a click on a gate's button ended. */
export type Outcome = 'proven' | 'cancelled' | 'failed'

/** What a gate's button asks for. */
export type ConfirmOptions = Readonly<{
  feature: string
  /** How to step up. Who has nothing enrolled is led to it first. */
  stepUp: StepUpOptions
  /** Called after success, once the page can take the focus. */
  onClosed: () => void
}>

/** What the provider loads once the page stands. */
export type Mounted = Readonly<{
  /** The card of a gate that is closed. */
  Card: (props: CardProps) => ReactNode
  /** What the cards of a closed gate need that leads to no prompt at once: `undefined` until it is loaded, `null` if it cannot be. */
  closed?: ClosedCards | null
  /** The same, once `closed` is settled. Never rejects. */
  withClosedCards: () => Promise<Mounted>
  unmount: () => void
  /** Shows a step-up that began before the dialog was mounted; resolves when it can be shown what it is for. */
  show: (flow: Flow) => Promise<void>
  /** Opens the enrolment dialog; resolves with whether something was enrolled. Without the dialog nothing is. */
  enroll: () => Promise<boolean>
  /** Opens recovery, with a code or a link; resolves with whether something was enrolled. */
  recover: (link?: string) => Promise<boolean>
  /** Makes recovery codes and shows them; resolves with whether they were made. */
  recoveryCodes: () => Promise<boolean>
  /** Steps up for a feature. Never rejects. */
  confirm: (options: ConfirmOptions) => Promise<Outcome>
}>
