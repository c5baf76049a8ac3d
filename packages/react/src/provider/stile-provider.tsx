import type { Stile } from '@stile/browser'
import type { DialogOptions, MountedDialog } from '@stile/browser/dialog'
import { type ReactElement, type ReactNode, useEffect, useInsertionEffect, useMemo, useRef } from 'react'
import { adoptGateStyles } from '../gate/styles.ts'
import { type GateTexts, TEXTS } from '../gate/texts.ts'
import { StileContext, type StileContextValue } from './context.ts'

/** Props of `StileProvider`. */
export type StileProviderProps = Readonly<{
  /** Made once with `createStile`, outside of any component. */
  client: Stile
  /** Options of the dialog, or `false` where the application shows step-ups itself. Read once, when mounted. */
  dialog?: DialogOptions | false
  /** What people read for each feature, such as `{ 'reports.export': 'Export reports' }`. */
  labels?: Readonly<Record<string, string>>
  /** Replaces sentences of the gates. */
  texts?: Partial<GateTexts>
  children?: ReactNode
}>

const NO_LABELS: Readonly<Record<string, string>> = {}

/** Lends a client to the gates and hooks below it, and mounts the one dialog that shows step-ups. */
export function StileProvider({ client, dialog, labels = NO_LABELS, texts, children }: StileProviderProps): ReactElement {
  const mounted = useRef<Promise<MountedDialog> | null>(null)
  const options = useRef({ dialog, labels })

  useInsertionEffect(adoptGateStyles, [])

  useEffect(() => {
    const { dialog: shown, labels: named } = options.current
    if (shown === false) return
    let unmounted = false
    const loading = import('@stile/browser/dialog').then(({ mountDialog }) => {
      const instance = mountDialog(client, { labels: named, ...shown })
      if (unmounted) instance()
      return instance
    })
    mounted.current = loading
    // where the chunk cannot be loaded, asking for a step-up rejects with StepUpRequired; the page itself goes on
    loading.catch(() => {})
    return () => {
      unmounted = true
      mounted.current = null
      loading.then(
        (instance) => instance(),
        () => {},
      )
    }
  }, [client])

  const value = useMemo<StileContextValue>(
    () => ({
      client,
      labels,
      texts: { ...TEXTS, ...texts },
      enroll: async () => (mounted.current ? (await mounted.current).enroll() : false),
    }),
    [client, labels, texts],
  )
  return <StileContext.Provider value={value}>{children}</StileContext.Provider>
}
