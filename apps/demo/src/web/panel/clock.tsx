import { type ReactElement, useState } from 'react'
import type { Api } from '../api.ts'

/** A button that stands for time that passes, so that what asks for a fresh sign-in can be watched without waiting. */
export function Clock({ api }: Readonly<{ api: Api }>): ReactElement {
  const [problem, setProblem] = useState<string | null>(null)
  const age = async () => {
    const refused = await api.ageSignIn()
    setProblem(refused)
    // the page holds a session token that says when the sign-in was; a new page asks for a new one
    if (refused === null) location.reload()
  }
  return (
    <section>
      <h2>Sign-in</h2>
      <button type="button" className="quiet" onClick={() => void age()}>
        Make it an hour older
      </button>
      <p role="alert" className="problem" hidden={problem === null}>
        {problem}
      </p>
      <p className="muted">As if you had signed in an hour earlier than you did.</p>
    </section>
  )
}
