import type { ReactElement, ReactNode } from 'react'

/** Props of `Card`. */
export type CardProps = Readonly<{
  /** What is shown, for styling: `[data-stile-card="step_up"]`. */
  kind: string
  title: string
  body: string
  /** One line below, read out when it changes. */
  status?: string
  action?: Readonly<{ label: string; busy: boolean; run: () => void }> | undefined
  children?: ReactNode
}>

/** The inline card that stands where the content will be. */
export function Card({ kind, title, body, status = '', action, children }: CardProps): ReactElement {
  return (
    <section data-stile-card={kind} aria-label={title}>
      <h3>{title}</h3>
      <p>{body}</p>
      {children}
      <p role="status" hidden={!status}>
        {status}
      </p>
      {action && (
        // aria-disabled, not disabled: the focus must stay here while the dialog is open
        <button type="button" aria-disabled={action.busy} onClick={action.busy ? undefined : action.run}>
          {action.label}
        </button>
      )}
    </section>
  )
}
