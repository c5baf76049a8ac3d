import type { ReactNode } from 'react'
import { useLicense } from '../hooks/use-license.ts'
import type { TierName } from '../register.ts'
import { Card, Loading } from './card.tsx'

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
export function TierGuard({ tier, label = tier, fallback, loading, error, children }: TierGuardProps): ReactNode {
  const info = useLicense()
  if (info.status === 'loading') return loading ?? <Loading />
  if (info.status === 'error') return error ?? <Card kind="error" run={info.retry} />
  if (info.tiers.includes(tier)) return children
  return fallback ?? <Card kind="upgrade" feature="This" tier={label} />
}
