import type { ReactNode } from 'react'
import { useStileContext } from '../context/context.ts'
import { Loading } from '../context/loading.tsx'
import type { CardSlots } from '../context/slots.ts'
import { useClientState } from '../hooks/use-client-state.ts'
import type { TierName } from '../register.ts'
import { GateCard } from './gate-card.tsx'

/** Props of `TierGuard`. */
export type TierGuardProps = Readonly<{
  tier: TierName
  /** What people read for the tier. Default: the provider's label, then its name. */
  label?: string
  /** Shown if the license does not include the tier, or has ended. Default: a card that names it. A suspended plan has a card of its own. */
  fallback?: ReactNode
  /** Shown until the license is known. */
  loading?: ReactNode
  /** Shown if the license cannot be known. Default: a card that says why. */
  error?: ReactNode
  /** Components of the application in place of the cards. Default: the provider's. */
  slots?: CardSlots
  children?: ReactNode
}>

/** Shows its children if the license includes a tier. It makes nothing safe: the API behind it must check. Gate by feature if you can. */
export function TierGuard({ tier, label, children, error, ...own }: TierGuardProps): ReactNode {
  const { labels } = useStileContext()
  const known = useClientState()
  if (known.status === 'loading') return <Loading {...own} />
  if (known.status === 'error') return error ?? <GateCard error={known} {...own} />
  const { tiers, license } = known.state
  if (tiers.includes(tier)) return children
  return <GateCard license={license} tier={{ id: tier, name: label ?? labels[tier] ?? tier }} {...own} />
}
