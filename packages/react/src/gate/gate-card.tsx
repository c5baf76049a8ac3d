import type { ReactNode } from 'react'
import { useStileContext } from '../context/context.ts'
import { Broken, Loading } from '../context/loading.tsx'
import type { CardAsked } from '../context/mounted.ts'

/** The card of a gate that is closed, once it is loaded. The page is painted without it. */
export function GateCard(asked: CardAsked): ReactNode {
  const context = useStileContext()
  const { loaded } = context
  if (loaded) return <loaded.Card {...asked} context={context} waiting={<Loading {...asked} />} broken={<Broken />} />
  return loaded === null ? <Broken /> : <Loading {...asked} />
}
