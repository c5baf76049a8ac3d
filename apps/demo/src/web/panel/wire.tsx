import type { ReactElement } from 'react'
import type { Entry } from '../stile/activity.ts'

/** The last challenge, and every request with its answer. */
export function Wire({ entries }: Readonly<{ entries: readonly Entry[] }>): ReactElement {
  const challenge = entries.find((entry) => entry.challenge?.includes('insufficient_user_authentication'))
  return (
    <>
      <section>
        <h2>Last challenge</h2>
        {challenge ? (
          <p className="challenge" data-testid="challenge">
            <code>{challenge.challenge}</code>
          </p>
        ) : (
          <p className="muted">None yet: nothing has asked for more than what is proven.</p>
        )}
      </section>
      <section>
        <h2>Events</h2>
        <ol className="wire">
          {entries.map((entry) => (
            <li key={entry.id} className={entry.tone}>
              <span>{entry.at}</span>
              <code>{entry.what}</code>
              <strong>{entry.status ?? 'no answer'}</strong>
            </li>
          ))}
        </ol>
      </section>
    </>
  )
}
