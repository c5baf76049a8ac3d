import { StepUpCancelled } from '@stile/browser'
import type { Decision, Operation } from '@stile/protocol'
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'
import { type FeatureState, useFeature } from '../hooks/use-feature.ts'
import { useStileContext } from '../provider/context.ts'
import type { FeatureName } from '../register.ts'
import { Card } from './card.tsx'
import { ErrorCard, LoadingCard } from './status-cards.tsx'
import { fill } from './texts.ts'

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
export function StepUpGate({ feature, operation, label, fallback, loading, error, children }: StepUpGateProps): ReactElement {
  const { client, texts, labels, enroll } = useStileContext()
  const state = useFeature(feature)
  const [busy, setBusy] = useState(false)
  const [status, setStatus] = useState('')
  const [provenFor, setProvenFor] = useState<string | null>(null)
  const content = useRef<HTMLDivElement>(null)
  const acted = useRef(false)
  const operationKey = operation && JSON.stringify(operation)
  const open = useStaysOpen(state, operationKey !== undefined && operationKey === provenFor)

  // the button that had the focus is gone: hand the focus to what it opened
  useEffect(() => {
    if (!open || !acted.current) return
    acted.current = false
    content.current?.focus()
  }, [open])

  if (open) {
    return (
      <div ref={content} tabIndex={-1} data-stile-gate="permit" style={{ outline: 'none' }}>
        {children}
      </div>
    )
  }
  if (state.status === 'loading') return <>{loading ?? <LoadingCard />}</>
  if (state.status === 'error') return <>{error ?? <ErrorCard retry={state.retry} />}</>

  const run = async (act: () => Promise<unknown>) => {
    setBusy(true)
    setStatus('')
    acted.current = true
    try {
      if ((await act()) === false) setStatus(texts.cancelled)
    } catch (reason) {
      acted.current = false
      setStatus(reason instanceof StepUpCancelled ? texts.cancelled : texts.failed)
    }
    setBusy(false)
  }
  const names = { feature: label ?? labels[feature] ?? feature, tier: tiersOf(state.decision) }

  switch (state.status) {
    case 'step_up': {
      const stepUp = async () => {
        await client.stepUp(feature, { ...(operation && { operation }), label: names.feature }).done
        if (operationKey) setProvenFor(operationKey)
      }
      const action = { label: texts.stepUpButton, busy, run: () => void run(stepUp) }
      return <Card kind="step_up" title={texts.stepUpTitle} body={fill(texts.stepUpBody, names)} status={status} action={action} />
    }
    case 'enroll': {
      const action = { label: texts.enrollButton, busy, run: () => void run(enroll) }
      return <Card kind="enroll" title={texts.enrollTitle} body={fill(texts.enrollBody, names)} status={status} action={action} />
    }
    case 'upgrade':
      return <>{fallback ?? <Card kind="upgrade" title={texts.upgradeTitle} body={fill(texts.upgradeBody, names)} />}</>
    default:
      return <Card kind="deny" title={texts.denyTitle} body={state.decision?.reasons.at(-1)?.message ?? fill(texts.denyBody, names)} />
  }
}

/** Whether the content is shown. Age alone never takes away what is shown already; anything else does, at once. */
function useStaysOpen(state: FeatureState, proven: boolean): boolean {
  const shown = useRef(false)
  const open = proven
    ? state.status === 'step_up' || state.status === 'permit'
    : state.status === 'permit' || (shown.current && onlyStale(state))
  useEffect(() => {
    shown.current = open
  }, [open])
  return open
}

function onlyStale(state: FeatureState): boolean {
  if (state.status !== 'step_up' || !state.decision) return false
  const missing = state.decision.reasons.filter(({ code }) => code !== 'compliance_required')
  return missing.length > 0 && missing.every(({ code }) => code === 'assurance_stale')
}

function tiersOf(decision: Decision | undefined): string {
  if (decision?.outcome !== 'upgrade' || decision.next.tiers.length === 0) return 'another plan'
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(decision.next.tiers)
}
