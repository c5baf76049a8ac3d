import type { Decision, License, Problem } from '@stile/protocol'
import type { ReactNode } from 'react'
import type { TierName } from '../register.ts'

/** Every card that a gate can show in place of its content. */
export type CardKind =
  /** A proof is needed, and the subject can give it. */
  | 'step_up'
  /** A proof is needed, and the subject has to set up a way to give it. */
  | 'enroll'
  /** Another plan includes it. */
  | 'upgrade'
  /** The plan has ended, and is to be renewed. */
  | 'expired'
  /** The plan is suspended. */
  | 'suspended'
  /** The subject has no seat in the plan. */
  | 'seat'
  /** It is not allowed now; the decision's reasons say why. */
  | 'deny'
  /** Nobody is signed in. */
  | 'signed_out'
  /** The session has ended, and the subject can sign in again here. */
  | 'ended'
  /** The service cannot be reached. It is asked again by itself. */
  | 'unreachable'
  /** The service does not accept this page, or is none. The console says more. */
  | 'misconfigured'
  /** The service refuses to say anything to this subject. */
  | 'refused'

/** The slots that cards are replaced by. */
export type SlotName = 'stepUp' | 'enroll' | 'upgrade' | 'deny' | 'error'

/** What a card says and does, for a component of the application in its place. */
export type CardView = Readonly<{
  kind: CardKind
  title: string
  body: string
  /** The label of the button. Absent if there is nothing that the subject could do here. */
  button?: string | undefined
  /** What the button does: starts the ceremony, tries again, signs in, calls `onUpgrade`. */
  act?: (() => void) | undefined
  /** Where the button leads instead, if `onUpgrade` is a link. */
  href?: string | undefined
  /** Whether what the button started is under way. */
  busy: boolean
  /** How the last ceremony ended, if not well. To be put into a live region (`role="status"`). */
  status?: string | undefined
  /** The decision that closed the gate. Absent if none is known, and in a `TierGuard`. */
  decision?: Decision | undefined
  /** The license that closed a `TierGuard`. */
  license?: License | null | undefined
  /** What the service said, if it answered with an error. */
  problem?: Problem | undefined
}>

/** Components of the application in place of the cards. What the gates do stays: the ceremony, the focus, what is mounted when. */
export type CardSlots = Readonly<
  Partial<Record<SlotName, (view: CardView) => ReactNode>> & {
    /** In place of the sign of waiting, until the decision is known. */
    loading?: () => ReactNode
  }
>

/** What an upgrade card asks for. */
export type UpgradeAsked = Readonly<{
  /** What the subject wanted. Absent in a `TierGuard`. */
  feature?: string | undefined
  /** The tiers that would include it, the smallest first. */
  tiers: readonly TierName[]
}>
