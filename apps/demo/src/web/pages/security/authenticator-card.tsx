import type { Authenticator } from '@stile/protocol'
import { type ReactElement, useState } from 'react'
import { historyOf, KINDS, LEVEL_WORDS, noticesOf } from './words.ts'

type CardProps = Readonly<{
  authenticator: Authenticator
  /** What removing it would mean. */
  loss: string | null
  onRename: (name: string) => Promise<void>
  onRemove: () => Promise<void>
}>

/** One authenticator: what it is and is worth, and how to rename or remove it. */
export function AuthenticatorCard({ authenticator, loss, onRename, onRemove }: CardProps): ReactElement {
  const { name, method, level, disabled } = authenticator
  const [mode, setMode] = useState<'show' | 'rename' | 'remove'>('show')
  const [busy, setBusy] = useState(false)
  /** The button that takes the focus back once what it opened is closed. */
  const [opener, setOpener] = useState<'rename' | 'remove'>()
  const open = (next: 'rename' | 'remove') => {
    setOpener(next)
    setMode(next)
  }
  const run = async (act: () => Promise<void>) => {
    setBusy(true)
    await act()
    setBusy(false)
    setMode('show')
  }
  const focusBack = (name: 'rename' | 'remove') => (button: HTMLButtonElement | null) => {
    if (button && opener === name) button.focus()
  }
  return (
    <li className="surface authenticator">
      <span>
        <strong>{name}</strong>
        <span className="muted">
          {KINDS[method] ?? method}, {disabled ? 'switched off' : LEVEL_WORDS[level]}
        </span>
        <span className="muted">{historyOf(authenticator)}</span>
      </span>
      {mode === 'show' && (
        <span className="row">
          <button type="button" className="quiet" aria-label={`Rename ${name}`} ref={focusBack('rename')} onClick={() => open('rename')}>
            Rename
          </button>
          <button type="button" className="quiet" aria-label={`Remove ${name}`} ref={focusBack('remove')} onClick={() => open('remove')}>
            Remove
          </button>
        </span>
      )}
      {mode === 'rename' && (
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault()
            const next = String(new FormData(event.currentTarget).get('name'))
            void run(() => onRename(next))
          }}
        >
          {/* biome-ignore lint/a11y/noAutofocus: it appears on a click that asks for it */}
          <input name="name" aria-label="New name" defaultValue={name} maxLength={64} required autoFocus />
          <button type="submit" className="primary" disabled={busy}>
            Save
          </button>
          <button type="button" className="quiet" onClick={() => setMode('show')}>
            Cancel
          </button>
        </form>
      )}
      {noticesOf(authenticator, Date.now() / 1000).map((notice) => (
        <p key={notice} className="notice">
          {notice}
        </p>
      ))}
      {mode === 'remove' && (
        <fieldset className="removal">
          <legend>Remove {name}?</legend>
          {loss !== null && (
            <p role="alert" className="notice">
              {loss}
            </p>
          )}
          <span className="row">
            {/* biome-ignore lint/a11y/noAutofocus: it appears on a click that asks for it, in place of what was clicked */}
            <button type="button" className="danger" autoFocus aria-disabled={busy} onClick={() => busy || void run(onRemove)}>
              Yes, remove
            </button>
            <button type="button" className="quiet" onClick={() => setMode('show')}>
              Keep
            </button>
          </span>
        </fieldset>
      )}
    </li>
  )
}
