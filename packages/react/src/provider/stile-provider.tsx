import type { Stile } from '@stile/browser'
import type { DialogOptions } from '@stile/browser/dialog'
import { type ReactElement, type ReactNode, useEffect, useMemo, useRef } from 'react'
import { StileContext, type StileContextValue } from './context.ts'
import { type GateTexts, TEXTS } from './gate-texts.ts'
import type { Mounted } from './mount.ts'

/** Props of `StileProvider`. */
export type StileProviderProps = Readonly<{
  /** Made once with `createStile`, outside of any component. */
  client: Stile
  /** Options of the dialog, or `false` if the application shows step-ups itself. Read once, when mounted. */
  dialog?: DialogOptions | false
  /** What people read for each feature and tier, such as `{ 'reports.export': 'Export reports', pro: 'Pro' }`. */
  labels?: Readonly<Record<string, string>>
  /** Replaces sentences of the gates. */
  texts?: Partial<GateTexts>
  children?: ReactNode
}>

const NO_LABELS: Readonly<Record<string, string>> = {}

/** Lends a client to the gates and hooks below it, and mounts the one dialog that shows step-ups. */
export function StileProvider({ client, dialog, labels = NO_LABELS, texts, children }: StileProviderProps): ReactElement {
  const mounted = useRef<Promise<Mounted>>(null)
  const options = useRef<DialogOptions | false>(dialog !== false && { labels, ...dialog })

  useEffect(() => {
    const mounting = import('./mount.ts').then(({ mount }) => mount(client, options.current))
    mounted.current = mounting
    // if the file cannot be loaded, a click says that it did not work; the page itself goes on
    const settled = mounting.catch(() => null)
    return () => {
      settled.then((loaded) => loaded?.unmount())
    }
  }, [client])

  const value = useMemo<StileContextValue>(
    () => ({
      client,
      labels,
      texts: { ...TEXTS, ...texts },
      mounted: () => mounted.current as Promise<Mounted>,
    }),
    [client, labels, texts],
  )
  return <StileContext.Provider value={value}>{children}</StileContext.Provider>
}
