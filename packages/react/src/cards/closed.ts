import type { ClientState, StileCode } from '@stile/browser'
import type { Decision, License, ReasonCode } from '@stile/protocol'
import type { StileContextValue } from '../context/context.ts'
import type { CardAsked, CardValues, ClosedCards } from '../context/mounted.ts'
import type { CardKind, CardView, SlotName } from '../context/slots.ts'
import type { GateTexts } from '../context/texts.ts'
import type { TierName } from '../register.ts'

export { CardLink } from './card-link.tsx'
export { handOnFocus } from './hand-on-focus.ts'
export { followFocus, hasLostFocus } from './lost-focus.ts'

/** The kinds of the cards that lead to no prompt at once. */
type ClosedKind = Exclude<CardKind, 'step_up'>

/** Their sentences. They are loaded in the background. */
export const CLOSED_CARD_TEXTS: Omit<GateTexts, 'step_up' | 'cancelled' | 'failed' | 'loading' | 'broken'> = {
  enroll: {
    title: 'Set up a way to confirm it’s you',
    body: '“{feature}” needs extra security. It takes about a minute.',
    button: 'Set it up',
  },
  upgrade: { title: 'Not part of your plan', body: '“{feature}” is in {tier}.', button: 'See plans' },
  expired: { title: 'Your plan has ended', body: 'Renew it to use “{feature}”.', button: 'See plans' },
  suspended: { title: 'Your plan is suspended', body: 'Ask your administrator to renew it.' },
  seat: { title: 'You don’t have a seat', body: 'Ask your administrator for a seat to use “{feature}”.' },
  deny: { title: 'Not available to you', body: '“{feature}” isn’t available to you now. {reason}' },
  signed_out: { title: 'You’re signed out', body: 'Sign in to continue.', button: 'Try again' },
  ended: { title: 'Your session has ended', body: 'Sign in again to continue. Nothing is lost.', button: 'Sign in again' },
  unreachable: { title: 'We can’t reach the server', body: 'We’ll keep trying.', button: 'Try again' },
  misconfigured: {
    title: 'This page isn’t set up correctly',
    body: 'It isn’t your fault, and nothing is lost. Tell the people who run it.',
  },
  refused: { title: 'Not available to you', body: 'Ask your administrator.' },
  this: 'This',
  reasons: {
    risk_denied: 'Something about this sign-in is unusual. Try again later, or on a device that you have used before.',
    risk_elevated: 'Something about this sign-in is unusual. Try again on a device that you have used before.',
    actor_not_allowed: 'It can’t be used on behalf of somebody else.',
    requirement_unsatisfiable: 'Ask your administrator.',
    unknown_feature: 'Ask your administrator.',
    policy_unavailable: 'Try again later.',
  },
}

/** The name of the slot that each of these cards is replaced by. */
export const SLOT_NAMES: Readonly<Record<ClosedKind, SlotName>> = {
  enroll: 'enroll',
  upgrade: 'upgrade',
  expired: 'deny',
  suspended: 'deny',
  seat: 'deny',
  deny: 'deny',
  signed_out: 'error',
  ended: 'error',
  unreachable: 'error',
  misconfigured: 'error',
  refused: 'error',
}

/** What a license of each state means for somebody whose gate it closes. */
const LICENSE_KINDS: { readonly [S in License['state']]?: ClosedKind } = {
  suspended: 'suspended',
  expired: 'expired',
  canceled: 'expired',
}

/** What a reason means for somebody whose gate it closes; any other is told as it is. */
const REASON_KINDS: { readonly [C in ReasonCode]?: ClosedKind } = {
  license_suspended: 'suspended',
  license_expired: 'expired',
  seat_required: 'seat',
}

/** The errors of a page whose subject is to ask somebody; any other that does not pass is a fault of the page or the service. */
const REFUSALS: ReadonlySet<StileCode> = new Set(['denied', 'license_required', 'enrollment_required', 'insufficient_user_authentication'])

/** Which of these cards is shown for what closes a gate. */
export function closedKind({ error, decision, license }: CardAsked): ClosedKind {
  if (error) return errorKind(error)
  return decision ? decisionKind(decision) : license === undefined ? 'deny' : licenseKind(license)
}

function errorKind({ code, problem, passing }: Extract<ClientState, { status: 'error' }>): ClosedKind {
  // without an answer of the service it is the application that knows nobody
  if (code === 'session_unavailable' || (code === 'session_ended' && !problem)) return 'signed_out'
  if (code === 'session_ended') return 'ended'
  if (passing) return 'unreachable'
  return REFUSALS.has(code) ? 'refused' : 'misconfigured'
}

function decisionKind(decision: Decision): ClosedKind {
  if (decision.outcome === 'enroll') return 'enroll'
  for (const { code } of decision.reasons) {
    const kind = REASON_KINDS[code]
    if (kind) return kind
  }
  return decision.outcome === 'upgrade' && decision.next.tiers.length > 0 ? 'upgrade' : 'deny'
}

function licenseKind(license: License | null): ClosedKind {
  return (license && LICENSE_KINDS[license.state]) ?? 'upgrade'
}

/** What the sentences of a card are filled with, besides the name of the feature. */
export function closedValues({ decision, tier }: CardAsked, { texts, labels }: Parameters<ClosedCards['closedValues']>[1]): CardValues {
  const tiers = decision?.outcome === 'upgrade' ? decision.next.tiers : []
  const names = tier ? [tier.name] : tiers.map((id) => labels[id] ?? id)
  const reason = decision?.reasons.at(-1)
  return {
    tier: new Intl.ListFormat(undefined, { type: 'conjunction' }).format(names),
    reason: reason && (texts.reasons?.[reason.code] ?? reason.message),
  }
}

/** What the button of a card does; `undefined` if there is nothing to do. */
export function actionOf(
  kind: CardKind,
  asked: CardAsked,
  { client, mounted, onUpgrade }: StileContextValue,
): Pick<CardView, 'act' | 'href'> | undefined {
  const { decision, tier, feature, error } = asked
  switch (kind) {
    case 'enroll':
      return asked.onConfirm && { act: asked.onConfirm }
    case 'upgrade':
    case 'expired': {
      if (typeof onUpgrade === 'string') return { href: onUpgrade }
      const tiers = tier ? [tier.id] : decision?.outcome === 'upgrade' ? (decision.next.tiers as readonly TierName[]) : []
      return onUpgrade && { act: () => onUpgrade({ feature, tiers }) }
    }
    case 'ended':
      // the dialog, which shows the sign-in, may still be loading
      return error && { act: () => void mounted().then(() => client.stepUp('stile:session'), error.retry) }
    case 'signed_out':
    case 'unreachable':
      return error && { act: error.retry }
    default:
      return undefined
  }
}
