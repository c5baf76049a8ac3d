import type { StepUpOptions } from '@stile/browser'
import type { EnrollableMethod } from '@stile/browser/enroll'
import type { Operation } from '@stile/protocol'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useClientState } from '../hooks/use-client-state.ts'
import { useStileContext } from '../provider/context.ts'
import type { FeatureName } from '../register.ts'
import { Card, Waiting } from './card.tsx'
import { asksForProof, closingCodes, isLapsed } from './reasons.ts'

/** Props of `StepUpGate`. */
export type StepUpGateProps = Readonly<{
  feature: FeatureName
  /** The parameters that the proof is bound to. Another operation closes the gate again. */
  operation?: Operation
  /** What people read for the feature. Default: the provider's label, then the feature's name. */
  label?: string
  /** Shown if the license does not include the feature. Default: a card that names the plan. */
  fallback?: ReactNode
  /** Shown until the decision is known. */
  loading?: ReactNode
  /** Shown if the decision cannot be known. Default: a card with a button to try again. */
  error?: ReactNode
  /** What is protected. Not mounted, and not in server-rendered HTML, before the decision is `permit`. */
  children?: ReactNode
}>

/**
 * Shows its children once the decision is `permit`; before that an inline card with one button, and the ceremony starts on the click.
 *
 * It makes the rule pleasant, never safe: the API behind it must check the assurance token.
 */
export function StepUpGate({ feature, operation, label, fallback, loading, error, children }: StepUpGateProps): ReactNode {
  const { texts, labels, mounted } = useStileContext()
  const known = useClientState()
  const [ceremony, setCeremony] = useState<Ceremony>({ busy: false })
  const content = useRef<HTMLDivElement>(null)
  const past = useRef({ shown: '', proven: '', unfocused: false }).current

  const state = known.status === 'ready' ? known.state : undefined
  const decision = state?.decisions[feature]
  const outcome = decision?.outcome
  const reasons = decision?.reasons ?? []
  const asked = JSON.stringify([state?.subject, state?.actor, state?.account, feature, operation])
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
    // on a busy machine the dialog is gone before the content is rendered
    if (past.unfocused) focus()
  })

  if (known.status !== 'ready') return <Waiting known={known} loading={loading} error={error} />
  if (isOpen) {
    return (
      <div ref={content} tabIndex={-1} data-stile-gate="permit">
        {children}
      </div>
    )
  }

  const nameOf = (id: string) => labels[id] ?? id
  const name = label ?? nameOf(feature)
  const tiers = decision?.outcome === 'upgrade' ? decision.next.tiers : []
  const values = { feature: name, tier: tiers.map(nameOf).join(', '), reason: reasons.at(-1)?.message }
  const confirm = async () => {
    if (ceremony.busy) return
    setCeremony({ busy: true })
    const stepUp: StepUpOptions | undefined = outcome === 'step_up' ? { operation, label: name } : undefined
    const methods = decision?.outcome === 'enroll' ? (decision.next.methods as readonly EnrollableMethod[]) : undefined
    const ended = await mounted().then(
      (dialog) => dialog.confirm({ feature, stepUp, methods, onClosed: focus }),
      () => 'failed' as const,
    )
    if (ended === 'proven') past.proven = asked
    setCeremony({ busy: false, message: ended === 'cancelled' || ended === 'failed' ? texts[ended] : undefined })
  }
  if (outcome === 'step_up' || outcome === 'enroll') {
    return <Card kind={outcome} values={values} status={ceremony.message} busy={ceremony.busy} onClick={confirm} />
  }
  // a license that has lapsed is to be renewed, not exchanged; the reason says so
  const card = <Card kind={tiers.length > 0 && !isLapsed(reasons) ? 'upgrade' : 'deny'} values={values} />
  return (outcome === 'upgrade' && fallback) || card
}

/** The ceremony that the button starts: whether it is under way, and how the last one ended. */
type Ceremony = Readonly<{ busy: boolean; message?: string | undefined }>
