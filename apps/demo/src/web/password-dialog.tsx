import { type FormEvent, type ReactElement, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Api } from './api.ts'

/** Asks for the password in a dialog of the product's own and tells how it went. */
export type PasswordPrompt = Readonly<{
  ask: () => Promise<boolean>
  settle: (confirmed: boolean) => void
  isOpen: () => boolean
  subscribe: (listener: () => void) => () => void
}>

/** Creates the prompt; one question at a time, later askers share its answer. */
export function createPasswordPrompt(): PasswordPrompt {
  let pending: { promise: Promise<boolean>; resolve: (confirmed: boolean) => void } | null = null
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const listener of listeners) listener()
  }
  return {
    ask: () => {
      if (pending) return pending.promise
      let resolve = (_confirmed: boolean) => {}
      const promise = new Promise<boolean>((settled) => {
        resolve = settled
      })
      pending = { promise, resolve }
      tell()
      return promise
    },
    settle: (confirmed) => {
      pending?.resolve(confirmed)
      pending = null
      tell()
    },
    isOpen: () => pending !== null,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The product's own "type your password again". */
export function PasswordDialog({ api, prompt }: Readonly<{ api: Api; prompt: PasswordPrompt }>): ReactElement {
  const open = useSyncExternalStore(prompt.subscribe, prompt.isOpen)
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
        <p>What you want to do asks for a fresh sign-in.</p>
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
