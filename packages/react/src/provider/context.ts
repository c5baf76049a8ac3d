import type { Stile } from '@stile/browser'
import { type Context, createContext, useContext } from 'react'
import type { GateTexts } from './gate-texts.ts'
import type { Mounted } from './mount.ts'

/** What the provider lends to everything below it. */
export type StileContextValue = Readonly<{
  client: Stile
  texts: GateTexts
  /** What people read for each feature and tier. */
  labels: Readonly<Record<string, string>>
  /** What is loaded once the page stands. Rejects if it cannot be loaded. */
  mounted: () => Promise<Mounted>
}>

export const StileContext: Context<StileContextValue | null> = createContext<StileContextValue | null>(null)

/** The provider's value. Throws if there is no provider. */
export function useStileContext(): StileContextValue {
  const value = useContext(StileContext)
  if (value) return value
  throw new Error('Stile has no client here: wrap it in <StileProvider client={…}>.')
}
