import { type ReactElement, useCallback, useEffect, useState } from 'react'
import type { Api, Me } from './api.ts'
import { SignIn } from './pages/sign-in.tsx'
import { Product } from './product.tsx'

/** The product: signing in, then its pages. */
export function App({ api, service }: Readonly<{ api: Api; service: string }>): ReactElement {
  const [me, setMe] = useState<Me | null | 'unknown' | 'unreachable'>('unknown')
  const [notice, setNotice] = useState<string>()
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
  const recovering = location.pathname === '/recover'
  if (me === null) {
    const asked = recovering ? 'Sign in first; then you can set up a new way to confirm it’s you.' : undefined
    return <SignIn api={api} notice={notice ?? asked} returnTo={recovering ? '/recover' : '/'} onSignedIn={load} />
  }
  const signedOut = (why?: string) => {
    // whoever signs in next begins at the beginning
    history.replaceState(null, '', '/')
    setNotice(why)
    setMe(null)
  }
  return <Product api={api} service={service} me={me} onSignedOut={signedOut} />
}
