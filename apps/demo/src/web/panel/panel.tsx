import { useStile } from '@stile/react'
import { type ReactElement, useEffect, useState, useSyncExternalStore } from 'react'
import type { Api } from '../api.ts'
import type { Activity } from '../stile/activity.ts'
import { Clock } from './clock.tsx'
import { Decisions } from './decisions.tsx'
import { Tier } from './tier.tsx'
import { Token } from './token.tsx'
import { Wire } from './wire.tsx'

/** What Stile sees, live: tier, decisions with reasons, the token's claims, the challenge and the wire. */
export function Panel({ api, activity }: Readonly<{ api: Api; activity: Activity }>): ReactElement {
  const stile = useStile()
  const client = useSyncExternalStore(stile.subscribe, stile.get)
  const entries = useSyncExternalStore(activity.subscribe, activity.get)
  const [open, setOpen] = useWideOpen()
  const ready = client.status === 'ready' ? client : null
  return (
    <aside className="panel" aria-label="What Stile sees">
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>What Stile sees</summary>
        {client.status === 'loading' && <p role="status">Loading…</p>}
        {client.status === 'error' && (
          <p role="alert" className="problem">
            {client.passing ? 'The service cannot be reached' : 'The state cannot be read'} ({client.code}).{' '}
            <button type="button" className="link" onClick={client.retry}>
              Try again
            </button>
          </p>
        )}
        {ready && (
          <>
            <p className="live">
              <span className={ready.stale ? 'dot stale' : 'dot'} aria-hidden="true" />
              {ready.stale ? 'Offline: what was known last' : `Live, revision ${ready.state.revision}`}
            </p>
            <Tier api={api} license={ready.state.license} tiers={ready.state.tiers} />
            <Decisions state={ready.state} />
            <Clock api={api} />
            {ready.state.token && <Token issued={ready.state.token} />}
          </>
        )}
        <Wire entries={entries} />
      </details>
    </aside>
  )
}

/** Open if there is room beside the page, closed below it on narrow screens. */
function useWideOpen(): [boolean, (open: boolean) => void] {
  const [open, setOpen] = useState(() => matchMedia('(min-width: 64rem)').matches)
  useEffect(() => {
    const wide = matchMedia('(min-width: 64rem)')
    const follow = () => setOpen(wide.matches)
    wide.addEventListener('change', follow)
    return () => wide.removeEventListener('change', follow)
  }, [])
  return [open, setOpen]
}
