import type { ReactElement } from 'react'
import { useStileContext } from '../provider/context.ts'

/** Props of `Card`. */
export type CardProps = Readonly<{
  /** What is shown, and the key of its texts; for styling: `[data-stile-card="step_up"]`. */
  kind: 'step_up' | 'enroll' | 'upgrade' | 'deny' | 'error'
  feature?: string | undefined
  tier?: string | undefined
  /** Replaces the body. */
  body?: string | undefined
  /** One line below, read out when it changes. */
  status?: string
  busy?: boolean
  /** What the button does; without it there is none. */
  run?: () => void
}>

/** The inline card that stands where the content will be. */
export function Card({ kind, feature = '', tier = '', body, status, busy = false, run }: CardProps): ReactElement {
  const [title, text, button] = useStileContext().texts[kind]
  return (
    <section data-stile-card={kind} aria-label={title}>
      <h3>{title}</h3>
      <p>{body ?? text.replace('{feature}', feature).replace('{tier}', tier)}</p>
      <p role="status" hidden={!status}>
        {status}
      </p>
      {run && (
        // aria-disabled, not disabled: the focus must stay here while the dialog is open
        <button type="button" aria-disabled={busy} onClick={busy ? undefined : run}>
          {button}
        </button>
      )}
    </section>
  )
}

/** Says that access is being checked; never flashes a paywall at someone who has paid. */
export function Loading(): ReactElement {
  return (
    <p role="status" data-stile-loading="">
      {useStileContext().texts.loading}
    </p>
  )
}
