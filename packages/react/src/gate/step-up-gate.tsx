import { StepUpCancelled } from '@stile/browser'
import type { Operation } from '@stile/protocol'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { type FeatureState, useFeature } from '../hooks/use-feature.ts'
import { useStileContext } from '../provider/context.ts'
import type { FeatureName } from '../register.ts'
import { Card, Loading } from './card.tsx'

/** Props of `StepUpGate`. */
export type StepUpGateProps = Readonly<{
  feature: FeatureName
  /** The parameters that the proof is bound to. Another operation closes the gate again. */
  operation?: Operation
  /** What people read for the feature. Default: the provider's label, then the feature's name. */
  label?: string
  /** Shown where the license does not include the feature. Default: a card that names the plan. */
  fallback?: ReactNode
  loading?: ReactNode
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
  const { client, texts, labels, enroll } = useStileContext()
  const state = useFeature(feature)
  const [busy, setBusy] = useState(false)
  const [status, setStatus] = useState('')
  const [provenFor, setProvenFor] = useState('')
  const content = useRef<HTMLDivElement>(null)
  const acted = useRef(false)
  const name = label ?? labels[feature] ?? feature
  const bound = operation ? JSON.stringify(operation) : ''
  const open = useStaysOpen(state, !!bound && bound === provenFor)

  // the button that had the focus is gone: hand the focus to what it opened
  useEffect(() => {
    if (open && acted.current) content.current?.focus()
    acted.current = false
  }, [open])

  if (open) {
    return (
      <div ref={content} tabIndex={-1} data-stile-gate="permit">
        {children}
      </div>
    )
  }
  if (state.status === 'loading') return loading ?? <Loading />
  if (state.status === 'error') return error ?? <Card kind="error" run={state.retry} />

  const run = async () => {
    setBusy(true)
    setStatus('')
    acted.current = true
    try {
      if (state.status === 'step_up') await client.stepUp(feature, { ...(operation && { operation }), label: name }).done
      else if (!(await enroll())) setStatus(texts.cancelled)
      setProvenFor(bound)
    } catch (reason) {
      setStatus(reason instanceof StepUpCancelled ? texts.cancelled : texts.failed)
    }
    setBusy(false)
  }

  const { decision, status: kind } = state
  if (kind === 'step_up' || kind === 'enroll') return <Card kind={kind} feature={name} status={status} busy={busy} run={run} />
  if (decision?.outcome === 'upgrade') return fallback ?? <Card kind="upgrade" feature={name} tier={decision.next.tiers.join(', ')} />
  return <Card kind="deny" feature={name} body={decision?.reasons.at(-1)?.message} />
}

/** Whether the content is shown. Age alone never takes away what is shown already; anything else does, at once. */
function useStaysOpen({ status, ...state }: FeatureState, proven: boolean): boolean {
  const shown = useRef(false)
  const reasons = ('decision' in state && state.decision?.reasons) || []
  const onlyStale = reasons.at(-1)?.code === 'assurance_stale' && !reasons.some(({ code }) => code.startsWith('risk'))
  const open = status === 'permit' || (status === 'step_up' && (proven || (shown.current && onlyStale)))
  useEffect(() => {
    shown.current = open
  }, [open])
  return open
}
