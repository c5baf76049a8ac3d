import type { ReactElement, ReactNode } from 'react'
import { useLicense } from '../hooks/use-license.ts'
import { useStileContext } from '../provider/context.ts'
import type { TierName } from '../register.ts'
import { Card } from './card.tsx'
import { ErrorCard, LoadingCard } from './status-cards.tsx'
import { fill } from './texts.ts'

/** Props of `TierGuard`. */
export type TierGuardProps = Readonly<{
  tier: TierName
  /** What people read for the tier. Default: its name. */
  label?: string
  /** Shown where the license does not include the tier. Default: a card that names it. */
  fallback?: ReactNode
  /** Shown until the license is known. */
  loading?: ReactNode
  /** Shown where it cannot be known. Default: a card with a button to try again. */
  error?: ReactNode
  children?: ReactNode
}>

/** Shows its children where the license includes a tier. What must be safe is checked by the API; gate by feature where you can. */
export function TierGuard({ tier, label = tier, fallback, loading, error, children }: TierGuardProps): ReactElement {
  const { texts } = useStileContext()
  const info = useLicense()
  if (info.status === 'loading') return <>{loading ?? <LoadingCard />}</>
  if (info.status === 'error') return <>{error ?? <ErrorCard retry={info.retry} />}</>
  if (info.tiers.includes(tier)) return <>{children}</>
  return (
    <>{fallback ?? <Card kind="upgrade" title={texts.upgradeTitle} body={fill(texts.upgradeBody, { feature: 'This', tier: label })} />}</>
  )
}
