import type { License } from '@stile/protocol'
import { type ReactElement, useState } from 'react'
import type { Api } from '../api.ts'

const TIERS = { basic: 'Basic', pro: 'Pro', enterprise: 'Enterprise' } as const

/** The license in force, and a switch that stands for the billing system. */
export function Tier({ api, license, tiers }: Readonly<{ api: Api; license: License | null; tiers: readonly string[] }>): ReactElement {
  const current = tiers[0]
  const [problem, setProblem] = useState<string | null>(null)
  return (
    <section>
      <h2>License</h2>
      <fieldset className="segments">
        <legend>Change it, as billing would</legend>
        {Object.entries(TIERS).map(([tier, label]) => (
          <label key={tier}>
            <input type="radio" name="tier" checked={tier === current} onChange={() => void api.setTier(tier).then(setProblem)} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <p role="alert" className="problem" hidden={problem === null}>
        {problem}
      </p>
      <p className="muted">{license ? `${license.state}, epoch ${license.epoch}` : 'No license: the policy’s default applies'}</p>
    </section>
  )
}
