import { StileProvider } from '@stile/react'
import { type ReactElement, useCallback, useEffect, useMemo, useState } from 'react'
import type { Api, Me } from './api.ts'
import { Payouts } from './pages/payouts.tsx'
import { Reports } from './pages/reports.tsx'
import { Security } from './pages/security.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { Panel } from './panel/panel.tsx'
import { createPasswordPrompt, PasswordDialog } from './password-dialog.tsx'
import { createActivity } from './stile/activity.ts'
import { createClient, LABELS } from './stile/client.ts'

const PAGES = { reports: 'Reports', payouts: 'Payouts', security: 'Security' } as const
type Page = keyof typeof PAGES

/** The product: signing in, then three pages and the panel that shows what Stile sees. */
export function App({ api, service }: Readonly<{ api: Api; service: string }>): ReactElement {
  const [me, setMe] = useState<Me | null | 'unknown' | 'unreachable'>('unknown')
  const load = useCallback(() => api.me().then(setMe, () => setMe('unreachable')), [api])
  useEffect(() => void load(), [load])
  if (me === 'unknown') return <p className="center">Loading…</p>
  if (me === 'unreachable') {
    return (
      <p className="center">
        The server cannot be reached.{' '}
        <button type="button" className="link" onClick={load}>
          Try again
        </button>
      </p>
    )
  }
  if (me === null) return <SignIn api={api} onSignedIn={load} />
  return <Product api={api} service={service} me={me} onSignedOut={() => setMe(null)} />
}

type ProductProps = Readonly<{ api: Api; service: string; me: Me; onSignedOut: () => void }>

function Product({ api, service, me, onSignedOut }: ProductProps): ReactElement {
  const [page, setPage] = useState<Page>('reports')
  const activity = useMemo(createActivity, [])
  const password = useMemo(() => createPasswordPrompt(), [])
  const client = useMemo(() => createClient(api, service, activity, password.ask), [api, service, activity, password])

  const signOut = async () => {
    await client.logout().catch(() => {})
    client.close()
    await api.signOut()
    onSignedOut()
  }

  return (
    <StileProvider client={client} labels={LABELS} dialog={{ labels: LABELS }}>
      <header className="bar">
        <span className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" /> Quarterly
        </span>
        <nav aria-label="Main">
          {Object.entries(PAGES).map(([key, label]) => (
            <button key={key} type="button" aria-current={page === key ? 'page' : undefined} onClick={() => setPage(key as Page)}>
              {label}
            </button>
          ))}
        </nav>
        <span className="who">
          <span>{me.name}</span>
          <button type="button" className="quiet" onClick={signOut}>
            Sign out
          </button>
        </span>
      </header>
      <div className="layout">
        <main>
          {page === 'reports' && <Reports api={api} />}
          {page === 'payouts' && <Payouts api={api} />}
          {page === 'security' && <Security />}
        </main>
        <Panel api={api} activity={activity} />
      </div>
      <PasswordDialog api={api} prompt={password} />
    </StileProvider>
  )
}
