import type { License } from '@stile/protocol'
import type { ReactElement } from 'react'
import type { Api } from '../api.ts'

const TIERS = { basic: 'Basic', pro: 'Pro', enterprise: 'Enterprise' } as const

/** The license in force, and a switch that stands for the billing system. */
export function Plan({ api, license, tiers }: Readonly<{ api: Api; license: License | null; tiers: readonly string[] }>): ReactElement {
  const current = tiers[0]
  return (
    <section>
      <h2>License</h2>
      <fieldset className="segments">
        <legend>Change it, as billing would</legend>
        {Object.entries(TIERS).map(([tier, label]) => (
          <label key={tier}>
            <input type="radio" name="tier" checked={tier === current} onChange={() => void api.setPlan(tier)} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <p className="muted">{license ? `${license.state}, epoch ${license.epoch}` : 'No license: the policy’s default applies'}</p>
    </section>
  )
}
