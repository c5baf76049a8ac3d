import type { ReactNode } from 'react'
import type { CardAsked } from '../cards/card.tsx'
import { useStileContext } from '../provider/context.ts'
import { Broken, Loading } from './loading.tsx'

/** The card of a gate that is closed, once it is loaded. The page is painted without it. */
export function Card(asked: CardAsked): ReactNode {
  const { loaded } = useStileContext()
  if (loaded) return <loaded.Card {...asked} />
  return loaded === null ? <Broken /> : <Loading {...asked} />
}
