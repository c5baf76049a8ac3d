import { StileProvider } from '@stile/react'
import { type ReactElement, useEffect, useMemo, useRef, useState } from 'react'
import type { Api, Me } from './api.ts'
import { Inbox } from './pages/inbox.tsx'
import { Payouts } from './pages/payouts.tsx'
import { Reports } from './pages/reports.tsx'
import { Security } from './pages/security/security.tsx'
import { Settings } from './pages/settings.tsx'
import { Panel } from './panel/panel.tsx'
import { createActivity } from './stile/activity.ts'
import { createClient, LABELS } from './stile/client.ts'

const PAGES = { reports: 'Reports', payouts: 'Payouts', settings: 'Settings', inbox: 'Inbox', security: 'Security' } as const
type Page = keyof typeof PAGES

/** The page is in the address, so that people who are sent to the identity provider come back to it. */
function pageInAddress(): Page {
  const name = location.pathname === '/recover' ? 'security' : location.pathname.slice(1)
  return Object.hasOwn(PAGES, name) ? (name as Page) : 'reports'
}

type ProductProps = Readonly<{ api: Api; service: string; me: Me; onSignedOut: (why?: string) => void }>

/** The pages of somebody who is signed in, and the panel that shows what Stile sees. */
export function Product({ api, service, me, onSignedOut }: ProductProps): ReactElement {
  const [page, setPage] = useState<Page>(pageInAddress)
  const activity = useMemo(createActivity, [])
  const hasPassword = me.issuer === 'demo'
  const client = useMemo(() => createClient({ api, service, activity, hasPassword }), [api, service, activity, hasPassword])

  const goTo = (next: Page) => {
    history.pushState(null, '', next === 'reports' ? '/' : `/${next}`)
    setPage(next)
  }
  useEffect(() => {
    const follow = () => setPage(pageInAddress())
    addEventListener('popstate', follow)
    return () => removeEventListener('popstate', follow)
  }, [])

  const leaving = useRef(false)
  const signOut = async () => {
    leaving.current = true
    await client.logout().catch(() => {})
    client.close()
    const next = await api.signOut()
    // at the identity provider, too: else the next sign-in there would ask for nothing
    if (next !== undefined) location.assign(next)
    else onSignedOut()
  }

  useEffect(() => {
    document.title = `${PAGES[page]} · Quarterly`
  }, [page])

  // a session that ends elsewhere, such as at the identity provider, ends here too; if signing in again can go on with it, the gates say so
  useEffect(() => {
    const look = async () => {
      const known = client.get()
      if (leaving.current || known.status !== 'error' || known.code !== 'session_ended') return
      if (known.problem?.next?.methods?.includes('relogin')) return
      leaving.current = true
      client.close()
      await api.signOut().catch(() => {})
      onSignedOut('Your session was ended. Sign in again.')
    }
    return client.subscribe(() => void look())
  }, [client, api, onSignedOut])

  return (
    <StileProvider client={client} labels={LABELS} dialog={{ labels: LABELS, user: me.email }}>
      <header className="bar">
        <span className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" /> Quarterly
        </span>
        <nav aria-label="Main">
          {Object.entries(PAGES).map(([key, label]) => (
            <button key={key} type="button" aria-current={page === key ? 'page' : undefined} onClick={() => goTo(key as Page)}>
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
          {page === 'settings' && <Settings api={api} />}
          {page === 'inbox' && <Inbox api={api} />}
          {page === 'security' && <Security me={me} />}
        </main>
        <Panel api={api} activity={activity} />
      </div>
    </StileProvider>
  )
}
