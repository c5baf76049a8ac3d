import { StepUpCancelled } from '@stile/browser'
import type { Authenticator } from '@stile/protocol'
import { useAuthenticators, useLicense } from '@stile/react'
import { type ReactElement, useState } from 'react'
import { sentenceFor } from '../stile/sentences.ts'

const KINDS: Readonly<Record<string, string>> = { passkey: 'Passkey', totp: 'Authenticator app' }
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const when = (seconds: number) => day.format(new Date(seconds * 1000))

/** Where people look after their passkeys and codes. */
export function Security(): ReactElement {
  const { authenticators, enroll, rename, remove } = useAuthenticators()
  const license = useLicense()
  const [problem, setProblem] = useState<string | null>(null)

  const run = async (act: () => Promise<unknown>) => {
    setProblem(null)
    try {
      await act()
    } catch (reason) {
      if (!(reason instanceof StepUpCancelled)) setProblem(sentenceFor(reason))
    }
  }

  return (
    <>
      <h1>Security</h1>
      <p className="lead">The ways you can confirm it’s you. Adding or removing one asks for a fresh proof.</p>
      {license.status === 'loading' && <p role="status">Loading…</p>}
      {license.status === 'error' && (
        <p role="alert" className="problem">
          We could not read them.{' '}
          <button type="button" className="link" onClick={license.retry}>
            Try again
          </button>
        </p>
      )}
      {license.status === 'ready' && authenticators.length === 0 && (
        <p className="surface empty">Nothing yet. Your password is all that protects this account.</p>
      )}
      <ul className="cards">
        {authenticators.map((each) => (
          <AuthenticatorCard
            key={each.id}
            authenticator={each}
            onRename={(name) => run(() => rename(each.id, name))}
            onRemove={() => run(() => remove(each.id))}
          />
        ))}
      </ul>
      <p role="alert" className="problem" hidden={problem === null}>
        {problem}
      </p>
      {license.status === 'ready' && (
        <button type="button" className="primary" onClick={() => run(enroll)}>
          Add a way to confirm it’s you
        </button>
      )}
    </>
  )
}

type CardProps = Readonly<{ authenticator: Authenticator; onRename: (name: string) => Promise<void>; onRemove: () => Promise<void> }>

function AuthenticatorCard({ authenticator, onRename, onRemove }: CardProps): ReactElement {
  const { name, method, createdAt, lastUsedAt } = authenticator
  const [mode, setMode] = useState<'show' | 'rename' | 'remove'>('show')
  return (
    <li className="surface authenticator">
      <span>
        <strong>{name}</strong>
        <span className="muted">
          {KINDS[method] ?? method}, added {when(createdAt)}
          {lastUsedAt !== undefined && `, last used ${when(lastUsedAt)}`}
        </span>
      </span>
      {mode === 'show' && (
        <span className="row">
          <button type="button" className="quiet" aria-label={`Rename ${name}`} onClick={() => setMode('rename')}>
            Rename
          </button>
          <button type="button" className="quiet" aria-label={`Remove ${name}`} onClick={() => setMode('remove')}>
            Remove
          </button>
        </span>
      )}
      {mode === 'rename' && (
        <form
          className="row"
          onSubmit={async (event) => {
            event.preventDefault()
            const next = String(new FormData(event.currentTarget).get('name'))
            setMode('show')
            await onRename(next)
          }}
        >
          <input name="name" aria-label="New name" defaultValue={name} maxLength={64} required />
          <button type="submit" className="primary">
            Save
          </button>
        </form>
      )}
      {mode === 'remove' && (
        <span className="row">
          <span>Remove it?</span>
          <button type="button" className="danger" onClick={() => void onRemove().then(() => setMode('show'))}>
            Yes, remove
          </button>
          <button type="button" className="quiet" onClick={() => setMode('show')}>
            Keep
          </button>
        </span>
      )}
    </li>
  )
}
