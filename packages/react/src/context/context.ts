import type { Stile } from '@stile/browser'
import { type Context, createContext, useContext } from 'react'
import type { Mounted } from './mounted.ts'
import type { CardSlots, UpgradeAsked } from './slots.ts'
import type { GateTexts } from './texts.ts'

/** What the provider lends to everything below it. */
export type StileContextValue = Readonly<{
  client: Stile
  /** The sentences that the application replaces. */
  texts: Partial<GateTexts> | undefined
  /** What people read for each feature and tier. */
  labels: Readonly<Record<string, string>>
  slots: CardSlots | undefined
  onUpgrade: string | ((asked: UpgradeAsked) => void) | undefined
  /** The level of the cards' headings. */
  headingLevel: 2 | 3 | 4 | 5 | 6
  /** What is loaded once the page stands: `undefined` until it is, `null` if it cannot be. */
  loaded: Mounted | null | undefined
  /** Waits for it. Rejects if it cannot be loaded. */
  mounted: () => Promise<Mounted>
}>

export const StileContext: Context<StileContextValue | null> = createContext<StileContextValue | null>(null)

/** The provider's value. Throws if there is no provider. */
export function useStileContext(): StileContextValue {
  const value = useContext(StileContext)
  if (value) return value
  throw new Error('Stile has no client here: wrap it in <StileProvider client={…}>.')
}
