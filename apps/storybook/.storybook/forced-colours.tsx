import { type ReactElement, useSyncExternalStore } from 'react'

const FORCED = '(forced-colors: active)'

function subscribe(listener: () => void): () => void {
  const query = matchMedia(FORCED)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}

/** Says how forced colours are turned on, because no page can do it; once they are on, it says so. */
export function ForcedColours(): ReactElement {
  const isForced = useSyncExternalStore(subscribe, () => matchMedia(FORCED).matches)
  return (
    <p
      style={{
        font: '14px/1.5 system-ui, sans-serif',
        margin: '0 0 1rem',
        padding: '0.5rem 0.75rem',
        border: '1px solid',
        borderRadius: 6,
      }}
    >
      {isForced
        ? 'Forced colours are on.'
        : 'A page cannot turn forced colours on. In Chrome or Edge, open DevTools, run the command “Show Rendering” and set “Emulate CSS media feature forced-colors” to “active”. On Windows, choose a contrast theme in the settings.'}
    </p>
  )
}
