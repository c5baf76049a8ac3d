import { StepUpGate, TierGuard } from '@stile/react'
import type { ReactElement } from 'react'
import type { Line, Month } from '../../api/ledger.ts'
import type { Api } from '../api.ts'
import { Loaded } from '../loaded.tsx'
import { useApi } from '../use-api.ts'
import { ExportForm } from './export-form.tsx'

const euros = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR', maximumFractionDigits: 0 })
const cents = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' })
const monthName = new Intl.DateTimeFormat('en', { month: 'short', timeZone: 'UTC' })

/** Reports for every plan; lines and export for Pro. */
export function Reports({ api }: Readonly<{ api: Api }>): ReactElement {
  const loaded = useApi<{ months: readonly Month[] }>(api, '/api/reports')
  return (
    <>
      <h1>Reports</h1>
      <Loaded of={loaded}>{({ months }) => <Overview months={months} />}</Loaded>
      <section className="section">
        <h2>Lines</h2>
        <StepUpGate feature="reports.export" label="Booked lines">
          <Lines api={api} />
        </StepUpGate>
      </section>
      <section className="section">
        <h2>Export</h2>
        <TierGuard tier="pro" label="Pro">
          <ExportForm api={api} />
        </TierGuard>
      </section>
    </>
  )
}

function Overview({ months }: Readonly<{ months: readonly Month[] }>): ReactElement {
  const revenue = months.reduce((sum, month) => sum + month.revenue, 0)
  const costs = months.reduce((sum, month) => sum + month.costs, 0)
  const most = Math.max(...months.map((month) => month.revenue))
  return (
    <>
      <dl className="figures">
        <Figure label="Revenue" value={euros.format(revenue)} />
        <Figure label="Costs" value={euros.format(costs)} />
        <Figure label="Result" value={euros.format(revenue - costs)} />
      </dl>
      <figure className="surface chart">
        <figcaption>Revenue and costs by month</figcaption>
        <ol>
          {months.map(({ month, revenue: r, costs: c }) => {
            const name = monthName.format(new Date(`${month}-01`))
            return (
              <li key={month}>
                <span className="bars" role="img" aria-label={`${name}: revenue ${euros.format(r)}, costs ${euros.format(c)}`}>
                  <svg viewBox="0 0 40 100" preserveAspectRatio="none" aria-hidden="true">
                    <rect className="revenue" x="2" width="16" y={100 - (r / most) * 100} height={(r / most) * 100} rx="2" />
                    <rect className="costs" x="22" width="16" y={100 - (c / most) * 100} height={(c / most) * 100} rx="2" />
                  </svg>
                </span>
                <span aria-hidden="true">{name}</span>
              </li>
            )
          })}
        </ol>
        <p className="legend" aria-hidden="true">
          <span className="key revenue" /> Revenue <span className="key costs" /> Costs
        </p>
      </figure>
    </>
  )
}

function Figure({ label, value }: Readonly<{ label: string; value: string }>): ReactElement {
  return (
    <div className="surface">
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function Lines({ api }: Readonly<{ api: Api }>): ReactElement {
  const loaded = useApi<{ lines: readonly Line[] }>(api, '/api/lines')
  return (
    <Loaded of={loaded}>
      {({ lines }) => (
        <div className="surface">
          <table>
            <thead>
              <tr>
                <th scope="col">Date</th>
                <th scope="col">Customer</th>
                <th scope="col">Item</th>
                <th scope="col" className="number">
                  Amount
                </th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <tr key={line.date}>
                  <td>{line.date}</td>
                  <td>{line.customer}</td>
                  <td>{line.item}</td>
                  <td className="number">{cents.format(line.cents / 100)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Loaded>
  )
}
