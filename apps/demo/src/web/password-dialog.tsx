import type { ReloginRequest } from '@stile/browser'
import type { LoginGap } from '@stile/protocol'
import { type FormEvent, type ReactElement, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Api } from './api.ts'

/** Asks for the password in a dialog of the product's own and tells how it went. */
export type PasswordPrompt = Readonly<{
  ask: (asked: Pick<ReloginRequest, 'why'>) => Promise<boolean>
  /** Why the sign-in of before does not count in this browser, if that is why it asks. */
  why: () => LoginGap | undefined
  settle: (confirmed: boolean) => void
  isOpen: () => boolean
  subscribe: (listener: () => void) => () => void
}>

/** Creates the prompt; one question at a time, later askers share its answer. */
export function createPasswordPrompt(): PasswordPrompt {
  let pending: { promise: Promise<boolean>; resolve: (confirmed: boolean) => void; why: LoginGap | undefined } | null = null
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const listener of listeners) listener()
  }
  return {
    ask: ({ why }) => {
      if (pending) return pending.promise
      let resolve = (_confirmed: boolean) => {}
      const promise = new Promise<boolean>((settled) => {
        resolve = settled
      })
      pending = { promise, resolve, why }
      tell()
      return promise
    },
    settle: (confirmed) => {
      pending?.resolve(confirmed)
      pending = null
      tell()
    },
    isOpen: () => pending !== null,
    why: () => pending?.why,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const REASONS: Readonly<Record<LoginGap, string>> = {
  login_elsewhere: 'This browser has no sign-in of its own yet, or its data was cleared.',
  key_not_stored: 'This browser keeps no data of this site, so it cannot keep your sign-in: it asks again after you close it.',
}

/** The product's own "type your password again". */
export function PasswordDialog({ api, prompt }: Readonly<{ api: Api; prompt: PasswordPrompt }>): ReactElement {
  const open = useSyncExternalStore(prompt.subscribe, prompt.isOpen)
  const why = useSyncExternalStore(prompt.subscribe, prompt.why)
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
    setProblem(null)
  }, [open])

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    setBusy(true)
    const refused = await api.confirmPassword(String(new FormData(form).get('password')))
    setBusy(false)
    setProblem(refused)
    if (refused !== null) return form.querySelector('input')?.select()
    form.reset()
    prompt.settle(true)
  }

  return (
    <dialog ref={dialog} className="password" aria-labelledby="password-title" onClose={() => prompt.settle(false)}>
      <form className="stack" onSubmit={submit}>
        <h2 id="password-title">Type your password again</h2>
        <p>{why ? REASONS[why] : 'What you want to do asks for a fresh sign-in.'}</p>
        <label className="field">
          Password
          <input name="password" type="password" autoComplete="current-password" required aria-describedby="password-problem" />
        </label>
        <p id="password-problem" className="problem" role="alert" hidden={problem === null}>
          {problem}
        </p>
        <div className="row end">
          <button type="button" className="quiet" onClick={() => prompt.settle(false)}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={busy}>
            Continue
          </button>
        </div>
      </form>
    </dialog>
  )
}
