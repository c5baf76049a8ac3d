import type { StepUpOptions } from '@stile/browser'
import type { Operation } from '@stile/protocol'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useClientState } from '../hooks/use-client-state.ts'
import { useStileContext } from '../provider/context.ts'
import type { FeatureName } from '../register.ts'
import { Card, Waiting } from './card.tsx'

/** Props of `StepUpGate`. */
export type StepUpGateProps = Readonly<{
  feature: FeatureName
  /** The parameters that the proof is bound to. Another operation closes the gate again. */
  operation?: Operation
  /** What people read for the feature. Default: the provider's label, then the feature's name. */
  label?: string
  /** Shown where the license does not include the feature. Default: a card that names the plan. */
  fallback?: ReactNode
  /** Shown until the decision is known. */
  loading?: ReactNode
  /** Shown where it cannot be known. Default: a card with a button to try again. */
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
  /** One line below the card; `true` while the ceremony is under way. */
  const [status, setStatus] = useState<string | true>()
  const content = useRef<HTMLDivElement>(null)
  const past = useRef({ shown: '', proven: '' }).current

  const state = known.status === 'ready' ? known.state : undefined
  const decision = state?.decisions[feature]
  const outcome = decision?.outcome
  const reasons = decision?.reasons ?? []
  const asked = JSON.stringify([state?.subject, state?.actor, state?.account, feature, operation])
  const codes = `${reasons.map(({ code }) => code)}`
  // Age alone never takes away what is shown, and the state cannot know of a proof that is bound to one operation. Anything else does:
  // another person, feature or operation, and any other reason.
  const key = asked + codes.replace(/,?\w+_(stale|unbound)/g, '')
  const fresh = past.proven === asked && !/step_up|stale/.test(codes)
  const open = outcome === 'permit' || (outcome === 'step_up' && (fresh || past.shown === key))

  useEffect(() => {
    past.shown = open ? key : ''
  })

  if (known.status !== 'ready') return <Waiting known={known} loading={loading} error={error} />
  if (open) {
    return (
      <div ref={content} tabIndex={-1} data-stile-gate="permit">
        {children}
      </div>
    )
  }

  const named = (id: string) => labels[id] ?? id
  const name = label ?? named(feature)
  const tiers = decision?.outcome === 'upgrade' ? decision.next.tiers : []
  const values = { feature: name, tier: tiers.map(named).join(', '), reason: reasons.at(-1)?.message }
  const run = async () => {
    if (status === true) return
    setStatus(true)
    const options = outcome === 'step_up' ? ({ operation, label: name } as StepUpOptions) : undefined
    const focus = () => content.current?.focus()
    const ended = await mounted().then(
      (dialog) => dialog.confirm(feature, options, focus),
      () => 'failed' as const,
    )
    if (ended === 'proven') past.proven = asked
    setStatus(texts[ended as 'failed'])
  }
  const acts = outcome === 'step_up' || outcome === 'enroll'
  // a license that has lapsed is to be renewed, not exchanged: the reason says so
  const refused = values.tier && !codes.includes('expired') ? 'upgrade' : 'deny'
  const card = <Card kind={acts ? outcome : refused} values={values} status={acts && status} run={acts && run} />
  return (outcome === 'upgrade' && fallback) || card
}
