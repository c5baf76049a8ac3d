import type { Decision, State } from '@stile/protocol'
import { type ReactElement, useEffect, useState } from 'react'

const OUTCOMES: Readonly<Record<Decision['outcome'], string>> = {
  permit: 'permit',
  step_up: 'step up',
  enroll: 'enrol',
  upgrade: 'upgrade',
  deny: 'deny',
}

/** One line per feature: the outcome, for how long, and why. */
export function Decisions({ state }: Readonly<{ state: State }>): ReactElement {
  const decisions: readonly Decision[] = Object.values(state.decisions)
  return (
    <section>
      <h2>Decisions</h2>
      <ul className="decisions">
        {decisions.map((decision) => (
          <li key={decision.feature} data-testid={`decision-${decision.feature}`}>
            <span className="row between">
              <code>{decision.feature}</code>
              <span className={`badge ${decision.outcome}`}>{OUTCOMES[decision.outcome]}</span>
            </span>
            {decision.outcome === 'permit' && decision.until !== undefined && <Countdown until={decision.until} now={state.now} />}
            {(decision.outcome === 'permit' ? [] : decision.reasons).map((reason) => (
              <p key={reason.source + reason.code} className="muted">
                {reason.message} <code>{reason.source}</code>
              </p>
            ))}
          </li>
        ))}
      </ul>
      <p className="muted">
        Context risk: <strong>{state.risk.band}</strong>
        {state.risk.reasons.map((reason) => ` (${reason.message})`)}
      </p>
    </section>
  )
}

function Countdown({ until, now }: Readonly<{ until: number; now: number }>): ReactElement {
  const [skew] = useState(() => now - Date.now() / 1000)
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000)
    return () => clearInterval(timer)
  }, [])
  const left = Math.max(0, Math.floor(until - (Date.now() / 1000 + skew)))
  return (
    <p className="muted">
      fresh for {Math.floor(left / 60)}:{String(left % 60).padStart(2, '0')}
    </p>
  )
}
