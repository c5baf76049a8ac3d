import type { Stile } from '@stile/browser'
import { useStileContext } from '../context/context.ts'
import type { FeatureName } from '../register.ts'

/** The client of the nearest `StileProvider`. */
export function useStile(): Stile<FeatureName> {
  return useStileContext().client as Stile<FeatureName>
}
