import type { ReactElement, ReactNode } from 'react'
import type { Loaded as LoadedState } from './use-api.ts'

/** Shows what was read, or that it is on its way, or that it failed and how to go on. */
export function Loaded<T>({ of, children }: Readonly<{ of: LoadedState<T>; children: (data: T) => ReactNode }>): ReactElement {
  if (of.status === 'loading') return <p role="status">Loading…</p>
  if (of.status === 'ready') return <>{children(of.data)}</>
  return (
    <p role="alert" className="problem">
      {of.detail}{' '}
      <button type="button" className="link" onClick={of.retry}>
        Try again
      </button>
    </p>
  )
}
