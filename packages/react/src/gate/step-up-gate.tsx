import type { Operation } from '@stile/protocol'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useStileContext } from '../context/context.ts'
import { Loading } from '../context/loading.tsx'
import type { CardSlots } from '../context/slots.ts'
import { decisionOf } from '../hooks/decision-of.ts'
import { useClientState } from '../hooks/use-client-state.ts'
import type { FeatureName } from '../register.ts'
import { GateCard } from './gate-card.tsx'
import { asksForProof, closingCodes } from './reasons.ts'

/** Props of `StepUpGate`. */
export type StepUpGateProps = Readonly<{
  feature: FeatureName
  /** The parameters that the proof is bound to. Another operation closes the gate again. */
  operation?: Operation
  /** What people read for the feature. Default: the provider's label, then the feature's name. */
  label?: string
  /** Shown if the license does not include the feature, or has ended. Default: a card that names the plan. */
  fallback?: ReactNode
  /** Shown until the decision is known. */
  loading?: ReactNode
  /** Shown if the decision cannot be known. Default: a card that says why. */
  error?: ReactNode
  /** Components of the application in place of the cards. Default: the provider's. */
  slots?: CardSlots
  /** What is protected. Not mounted, and not in server-rendered HTML, before the decision is `permit`. */
  children?: ReactNode
}>

/**
 * Shows its children once the decision is `permit`; before that an inline card with one button, and the ceremony starts on the click.
 *
 * It makes the rule pleasant, never safe: the API behind it must check the assurance token.
 */
export function StepUpGate({ feature, operation, label, error, children, ...own }: StepUpGateProps): ReactNode {
  const { labels, mounted } = useStileContext()
  const known = useClientState()
  const [ceremony, setCeremony] = useState<Ceremony>({ busy: false })
  const content = useRef<HTMLDivElement>(null)
  const past = useRef({ shown: '', asked: '', proven: '', unfocused: false }).current

  const state = known.status === 'ready' ? known.state : undefined
  const decision = decisionOf(known, feature)
  const outcome = decision?.outcome
  const reasons = decision?.reasons ?? []
  const who = JSON.stringify([state?.subject, state?.actor, state?.account])
  const asked = who + JSON.stringify([feature, operation])
  // What is shown stays while only the age of the proof asks for another. Another person, feature or operation, and any other reason, closes it.
  const key = JSON.stringify([asked, closingCodes(reasons)])
  const isProven = past.proven === asked && !asksForProof(reasons)
  const isOpen = outcome === 'permit' || (outcome === 'step_up' && (isProven || past.shown === key))

  const focus = () => {
    past.unfocused = !content.current
    content.current?.focus()
  }
  useEffect(() => {
    past.shown = isOpen ? key : ''
    // a proof is worth nothing to the next person, and to the same one after signing out
    if (!past.proven.startsWith(who)) past.proven = ''
    if (ceremony.ended && past.asked !== who) setCeremony({ busy: false })
    // on a busy machine the dialog is gone before the content is rendered
    if (!past.unfocused || !isOpen) return
    past.unfocused = false
    if (document.activeElement === document.body) focus()
  })

  if (known.status === 'loading') return <Loading {...own} />
  if (known.status === 'error') return error ?? <GateCard error={known} {...own} />
  const name = label ?? labels[feature] ?? feature
  if (isOpen) {
    return (
      // it takes the focus, so it has a name
      // biome-ignore lint/a11y/useSemanticElements: a fieldset has looks of its own
      <div ref={content} role="group" aria-label={name} tabIndex={-1} data-stile-gate="permit">
        {children}
      </div>
    )
  }

  const confirm = async () => {
    if (ceremony.busy) return
    setCeremony({ busy: true })
    const ended = await mounted().then(
      (dialog) => dialog.confirm({ feature, stepUp: { operation, label: name }, onClosed: focus }),
      () => 'failed' as const,
    )
    past.asked = who
    if (ended === 'proven') past.proven = asked
    setCeremony({ busy: false, ended: ended === 'proven' ? undefined : ended })
  }
  return <GateCard feature={feature} name={name} decision={decision} {...ceremony} onConfirm={confirm} {...own} />
}

/** The ceremony that the button starts: whether it is under way, and how the last one ended, if not well. */
type Ceremony = Readonly<{ busy: boolean; ended?: 'cancelled' | 'failed' | undefined }>
