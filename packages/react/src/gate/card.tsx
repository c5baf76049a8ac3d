import type { ClientState } from '@stile/browser'
import type { ReactElement, ReactNode } from 'react'
import { useStileContext } from '../provider/context.ts'

/** Props of `Card`. */
export type CardProps = Readonly<{
  /** What is shown, and the key of its texts; for styling: `[data-stile-card="step_up"]`. */
  kind: 'step_up' | 'enroll' | 'upgrade' | 'deny' | 'error'
  /** What stands for `{feature}`, `{tier}` and `{reason}` in the body. */
  values?: Readonly<Record<string, string | undefined>>
  /** One line below, read out when it changes; `true` while the button's work is under way. */
  status?: string | boolean | undefined
  /** What the button does; without it there is none. */
  run?: (() => void) | false
}>

/** The inline card that stands where the content will be. */
export function Card({ kind, values = {}, status, run }: CardProps): ReactElement {
  const [title, text, button] = useStileContext().texts[kind]
  return (
    // a group, not a landmark: a page may show the same card twice
    <fieldset data-stile-card={kind} aria-label={title}>
      <strong>{title}</strong>
      <p>{text.replace(/{(\w+)}/g, (_, name) => values[name] ?? '')}</p>
      {/* there from the start: what appears together with its text is not read out everywhere */}
      <p role="status">{status}</p>
      {run && (
        // aria-disabled, not disabled: the focus must stay here while the dialog is open
        <button type="button" aria-disabled={status === true} onClick={run}>
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

/** What stands there while nothing is known: never a paywall, which would flash at someone who has paid. */
export function Waiting({ known, loading, error }: WaitingProps): ReactNode {
  const { texts } = useStileContext()
  if (known.status === 'error') return error ?? <Card kind="error" run={known.retry} />
  return (
    loading ?? (
      <p role="status" data-stile-loading="">
        {texts.loading}
      </p>
    )
  )
}
