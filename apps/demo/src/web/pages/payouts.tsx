import { StepUpGate, useStile } from '@stile/react'
import { type ReactElement, useState } from 'react'
import type { Payout } from '../../api/ledger.ts'
import type { Api } from '../api.ts'
import { Loaded } from '../loaded.tsx'
import { sentenceFor } from '../stile/sentences.ts'
import { useApi } from '../use-api.ts'

const money = (amount: string, currency: string) => new Intl.NumberFormat('en-IE', { style: 'currency', currency }).format(Number(amount))

/** Payments that wait for an approval: Enterprise, and a passkey used in the last two minutes. */
export function Payouts({ api }: Readonly<{ api: Api }>): ReactElement {
  return (
    <>
      <h1>Payouts</h1>
      <p className="lead">Approving moves money, so it asks for a passkey that was used in the last two minutes.</p>
      <h2>Waiting for approval</h2>
      <StepUpGate feature="payouts.approve" label="Approving payouts">
        <PayoutList api={api} />
      </StepUpGate>
    </>
  )
}

function PayoutList({ api }: Readonly<{ api: Api }>): ReactElement {
  const loaded = useApi<{ payouts: readonly Payout[] }>(api, '/api/payouts')
  return (
    <Loaded of={loaded}>
      {({ payouts }) => (
        <ul className="cards">
          {payouts.map((payout) => (
            <PayoutCard key={payout.id} api={api} payout={payout} />
          ))}
        </ul>
      )}
    </Loaded>
  )
}

function PayoutCard({ api, payout }: Readonly<{ api: Api; payout: Payout }>): ReactElement {
  const stile = useStile()
  const [status, setStatus] = useState<string>(payout.status)
  const [problem, setProblem] = useState<string | null>(null)
  const approve = async () => {
    setProblem(null)
    try {
      const response = await stile.fetch(`${api.url}/api/payouts/${payout.id}/approve`, { method: 'POST', credentials: 'include' })
      if (response.ok) setStatus('approved')
      else setProblem(((await response.json()) as { detail: string }).detail)
    } catch (reason) {
      setProblem(sentenceFor(reason, 'Nothing was approved.'))
    }
  }
  return (
    <li className="surface payout">
      <span>
        <strong>{payout.payee}</strong>
        <span className="muted">due {payout.due}</span>
      </span>
      <span className="amount">{money(payout.amount, payout.currency)}</span>
      {status === 'approved' ? (
        <span className="badge permit">Approved</span>
      ) : (
        <button type="button" className="primary" aria-label={`Approve ${payout.payee}`} onClick={approve}>
          Approve
        </button>
      )}
      <p role="alert" className="problem" hidden={problem === null}>
        {problem}
      </p>
    </li>
  )
}
