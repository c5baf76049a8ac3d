import type { Flow, Stile } from '@stile/browser'
import type { DialogOptions } from '@stile/browser/dialog'
import { type ReactElement, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { StileContext, type StileContextValue } from '../context/context.ts'
import type { Mounted } from '../context/mounted.ts'
import type { CardSlots, UpgradeAsked } from '../context/slots.ts'
import type { GateTexts } from '../context/texts.ts'

/** Props of `StileProvider`. */
export type StileProviderProps = Readonly<{
  /** Made once with `createStile`, outside of any component. */
  client: Stile
  /** Options of the dialog, or `false` if the application shows step-ups itself. Read once, when mounted, but for `user`. */
  dialog?: DialogOptions | false
  /** What people read for each feature and tier, such as `{ 'reports.export': 'Export reports', pro: 'Pro' }`. */
  labels?: Readonly<Record<string, string>>
  /** Replaces sentences of the gates. */
  texts?: Partial<GateTexts>
  /** Components of the application in place of the gates' cards. */
  slots?: CardSlots
  /** Where the button of an upgrade card leads: a link, or what is called. Without it the card has no button. */
  onUpgrade?: string | ((asked: UpgradeAsked) => void)
  /** The level of the cards' headings. Default: 3. */
  headingLevel?: 2 | 3 | 4 | 5 | 6
  children?: ReactNode
}>

const NO_LABELS: Readonly<Record<string, string>> = {}

/** Lends a client to the gates and hooks below it, and mounts the one dialog that shows step-ups. */
export function StileProvider(props: StileProviderProps): ReactElement {
  const { client, dialog, labels = NO_LABELS, texts, slots, onUpgrade, headingLevel = 3, children } = props
  const mounted = useRef<Promise<Mounted>>(null)
  const options = useRef<DialogOptions | false>(false)
  options.current = dialog !== false && { labels, ...dialog }
  const [loaded, setLoaded] = useState<Mounted | null>()

  useEffect(() => {
    let isUnmounted = false
    const show = (next: Mounted | null | undefined) => {
      if (!isUnmounted) setLoaded(next)
    }
    const mounting = import('./mount.ts').then(({ mount }) => mount(client, options))
    mounted.current = mounting
    // if the file cannot be loaded, a click says that it did not work; the page itself goes on
    const settled = mounting.catch(() => null)
    // a click may come before the dialog, which then takes over
    const waiting: Flow[] = []
    const stopStandingIn =
      options.current &&
      client.onStepUp((flow, waitUntil) => {
        waiting.push(flow)
        waitUntil(settled.then((first) => (isUnmounted ? undefined : first?.show(flow))))
      })
    const leave = () => {
      if (stopStandingIn) stopStandingIn()
      for (const flow of waiting) flow.cancel()
    }
    settled.then(async (first) => {
      show(first)
      if (first) show(await first.withClosedCards())
      else leave()
    })
    return () => {
      isUnmounted = true
      leave()
      settled.then((last) => last?.unmount())
    }
  }, [client])

  const value = useMemo<StileContextValue>(() => {
    const waitForMount = async () => {
      // the effect of a page comes before that of the provider around it
      await null
      return mounted.current as Promise<Mounted>
    }
    return { client, labels, texts, slots, onUpgrade, headingLevel, loaded, mounted: waitForMount }
  }, [client, labels, texts, slots, onUpgrade, headingLevel, loaded])
  return <StileContext.Provider value={value}>{children}</StileContext.Provider>
}
