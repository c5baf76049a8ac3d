import type { ClientState } from '@stile/browser'
import type { ReactElement, ReactNode } from 'react'
import { useStileContext } from '../provider/context.ts'

/** Props of `Card`. */
export type CardProps = Readonly<{
  /** What is shown, and the key of its texts. For styling: `[data-stile-card="step_up"]`. */
  kind: 'step_up' | 'enroll' | 'upgrade' | 'deny' | 'error' | 'ended'
  /** What stands for `{feature}`, `{tier}` and `{reason}` in the body. */
  values?: Readonly<Record<string, string | undefined>>
  /** One line below the body. Screen readers read it out when it changes. */
  status?: string | undefined
  /** Whether what the button started is under way. */
  busy?: boolean
  /** What the button does. Without it there is no button. */
  onClick?: (() => void) | undefined
}>

/** The inline card that stands where the content will be. */
export function Card({ kind, values = {}, status, busy = false, onClick }: CardProps): ReactElement {
  const { title, body, button } = useStileContext().texts[kind]
  return (
    // a group, not a landmark: a page may show the same card twice
    <fieldset data-stile-card={kind} aria-label={title}>
      <strong>{title}</strong>
      <p>{body.replace(/{(\w+)}/g, (_, name) => values[name] ?? '')}</p>
      {/* there from the start: some screen readers miss a live region that appears together with its text */}
      <p role="status">{status}</p>
      {onClick && (
        // aria-disabled, not disabled: the focus must stay here while the dialog is open
        <button type="button" aria-disabled={busy} onClick={onClick}>
          {button}
        </button>
      )}
    </fieldset>
  )
}

/** Props of `Waiting`. */
export type WaitingProps = Readonly<{
  known: Exclude<ClientState, { status: 'ready' }>
  loading: ReactNode
  error: ReactNode
}>

/** What is shown while nothing is known. It is never a paywall, which would flash at someone who has paid. */
export function Waiting({ known, loading, error }: WaitingProps): ReactNode {
  const { texts, client, mounted } = useStileContext()
  if (known.status === 'error') {
    const { code, retry } = known
    // the dialog, which shows it, may still be loading
    const signIn = () => mounted().then(() => client.stepUp('stile:session'), retry)
    return error ?? (code === 'session_ended' ? <Card kind="ended" onClick={signIn} /> : <Card kind="error" onClick={retry} />)
  }
  return (
    loading ?? (
      <p role="status" data-stile-loading="">
        {texts.loading}
      </p>
    )
  )
}
