import { type FormEvent, type ReactElement, useEffect, useRef, useState } from 'react'
import type { Api } from '../api.ts'

const USERS = [
  ['basic', 'Basic', 'sees reports'],
  ['pro', 'Pro', 'also exports, with a second factor'],
  ['enterprise', 'Enterprise', 'also approves payouts, with a passkey'],
] as const

const CAME_BACK: Readonly<Record<string, string>> = {
  refused: 'You did not sign in at Quarterly ID.',
  expired: 'Signing in took too long. Start again.',
  failed: 'Signing in with Quarterly ID did not work. Start again.',
}

type SignInProps = Readonly<{
  api: Api
  /** Said above the form, such as why somebody was signed out. */
  notice?: string | undefined
  returnTo: '/' | '/recover'
  onSignedIn: () => void
}>

/** The product's own login, and the one of an identity provider beside it. */
export function SignIn({ api, notice, returnTo, onSignedIn }: SignInProps): ReactElement {
  const [user, setUser] = useState('')
  const [problem, setProblem] = useState<string | null>(() => CAME_BACK[new URLSearchParams(location.search).get('sign-in') ?? ''] ?? null)
  const [busy, setBusy] = useState(false)
  const password = useRef<HTMLInputElement>(null)
  useEffect(() => {
    document.title = 'Sign in · Quarterly'
  }, [])

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setBusy(true)
    const refused = await api.signIn(user, String(new FormData(event.currentTarget).get('password')))
    setBusy(false)
    setProblem(refused)
    if (refused !== null) return password.current?.select()
    history.replaceState(null, '', location.pathname)
    onSignedIn()
  }

  const signInElsewhere = async () => {
    setBusy(true)
    const refused = await api.signInElsewhere(returnTo)
    // while the browser leaves this page there is nothing to press
    if (refused !== null) setBusy(false)
    setProblem(refused)
  }

  return (
    <main className="sign-in">
      <span className="brand large">
        <img src="/icon.svg" alt="" width="40" height="40" /> Quarterly
      </span>
      {notice !== undefined && (
        <p className="surface" role="status">
          {notice}
        </p>
      )}
      <div className="surface stack">
        <form className="stack" onSubmit={submit}>
          <h1>Sign in</h1>
          <label className="field">
            User name
            <input name="user" autoComplete="username" required value={user} onChange={(event) => setUser(event.target.value)} />
          </label>
          <label className="field">
            Password
            <input
              ref={password}
              name="password"
              type="password"
              autoComplete="current-password"
              aria-describedby="sign-in-problem"
              required
            />
          </label>
          <p id="sign-in-problem" className="problem" role="alert" hidden={problem === null}>
            {problem}
          </p>
          <button type="submit" className="primary" aria-disabled={busy} onClick={(event) => busy && event.preventDefault()}>
            Sign in
          </button>
        </form>
        <button type="button" className="quiet" disabled={busy} onClick={signInElsewhere}>
          Sign in with Quarterly ID
        </button>
      </div>
      <section className="hint" aria-label="Who can sign in">
        <p>This is a demo: one user per plan, the password is “stile”. Quarterly ID is an identity provider and knows the same users.</p>
        <ul>
          {USERS.map(([name, tier, what]) => (
            <li key={name}>
              <button type="button" className="link" onClick={() => setUser(name)}>
                {name}
              </button>{' '}
              <span>
                {tier}: {what}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </main>
  )
}
