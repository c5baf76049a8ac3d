import type { Stile } from '@stile/browser'
import { type Context, createContext, useContext } from 'react'
import type { GateTexts } from '../gate/texts.ts'

/** What the provider lends to everything below it. */
export type StileContextValue = Readonly<{
  client: Stile
  texts: GateTexts
  /** What people read for each feature. */
  labels: Readonly<Record<string, string>>
  /** Opens the enrolment dialog; resolves with whether something was enrolled. */
  enroll: () => Promise<boolean>
}>

export const StileContext: Context<StileContextValue | null> = createContext<StileContextValue | null>(null)

/** The provider's value. Throws where there is no provider. */
export function useStileContext(): StileContextValue {
  const value = useContext(StileContext)
  if (value) return value
  throw new Error('Stile has no client here: wrap your application in <StileProvider client={…}>.')
}
