import { type FormEvent, type ReactElement, useState } from 'react'
import type { Api } from '../api.ts'

const USERS = [
  ['basic', 'Basic', 'sees reports'],
  ['pro', 'Pro', 'also exports, with a second factor'],
  ['enterprise', 'Enterprise', 'also approves payouts, with a passkey'],
] as const

/** The product's own login. */
export function SignIn({ api, onSignedIn }: Readonly<{ api: Api; onSignedIn: () => void }>): ReactElement {
  const [user, setUser] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setBusy(true)
    const refused = await api.signIn(user, String(new FormData(event.currentTarget).get('password')))
    setBusy(false)
    setProblem(refused)
    if (refused === null) onSignedIn()
  }

  return (
    <main className="sign-in">
      <span className="brand large">
        <img src="/icon.svg" alt="" width="40" height="40" /> Quarterly
      </span>
      <form className="surface stack" onSubmit={submit}>
        <h1>Sign in</h1>
        <label className="field">
          User name
          <input name="user" autoComplete="username" required value={user} onChange={(event) => setUser(event.target.value)} />
        </label>
        <label className="field">
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <p className="problem" role="alert" hidden={problem === null}>
          {problem}
        </p>
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
      </form>
      <section className="hint" aria-label="Who can sign in">
        <p>This is a demo: one user per plan, the password is “stile”.</p>
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
