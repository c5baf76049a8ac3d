import type { ReactNode } from 'react'
import { useClientState } from '../hooks/use-client-state.ts'
import { useStileContext } from '../provider/context.ts'
import type { TierName } from '../register.ts'
import { Card, Waiting } from './card.tsx'

/** Props of `TierGuard`. */
export type TierGuardProps = Readonly<{
  tier: TierName
  /** What people read for the tier. Default: the provider's label, then its name. */
  label?: string
  /** Shown if the license does not include the tier. Default: a card that names it. */
  fallback?: ReactNode
  /** Shown until the license is known. */
  loading?: ReactNode
  /** Shown if the license cannot be known. Default: a card with a button to try again. */
  error?: ReactNode
  children?: ReactNode
}>

/** Shows its children if the license includes a tier. It makes nothing safe: the API behind it must check. Gate by feature if you can. */
export function TierGuard({ tier, label, fallback, loading, error, children }: TierGuardProps): ReactNode {
  const { texts, labels } = useStileContext()
  const known = useClientState()
  if (known.status !== 'ready') return <Waiting known={known} loading={loading} error={error} />
  if (known.state.tiers.includes(tier)) return children
  return fallback ?? <Card kind="upgrade" values={{ feature: texts.this, tier: label ?? labels[tier] ?? tier }} />
}
