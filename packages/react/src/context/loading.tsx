import type { ReactNode } from 'react'
import { useStileContext } from './context.ts'
import type { CardSlots } from './slots.ts'

/** Props of `Loading`. */
export type LoadingProps = Readonly<{
  /** The gate's own sign of waiting. */
  loading?: ReactNode
  slots?: CardSlots | undefined
}>

/** What is shown while nothing is known. It is never a paywall, which would flash at someone who has paid. */
export function Loading({ loading, slots }: LoadingProps): ReactNode {
  const { texts, slots: provided } = useStileContext()
  const slot = slots?.loading ?? provided?.loading
  return (
    loading ??
    slot?.() ?? (
      <p role="status" data-stile-loading="">
        {texts?.loading ?? 'Loading…'}
      </p>
    )
  )
}

/** What is shown in place of a card whose file could not be loaded. */
export function Broken(): ReactNode {
  return <p role="alert">{useStileContext().texts?.broken ?? 'This part of the page couldn’t load. Reload the page.'}</p>
}
