import type { ClientState } from '@stile/browser'
import type { License } from '@stile/protocol'
import type { TierName } from '../register.ts'
import { useClientState } from './use-client-state.ts'

/** The license in force. */
export type LicenseInfo =
  | Readonly<{ status: 'loading' }>
  | Extract<ClientState, { status: 'error' }>
  | Readonly<{
      status: 'ready'
      /** `null` if the account has none. */
      license: License | null
      /** The tier in force and every tier that it includes. */
      tiers: readonly TierName[]
      stale: boolean
    }>

/** The account's license, kept current. To show or hide something, ask for a feature instead. */
export function useLicense(): LicenseInfo {
  const client = useClientState()
  if (client.status !== 'ready') return client
  const { license, tiers } = client.state
  return { status: 'ready', license, tiers: tiers as readonly TierName[], stale: client.stale }
}
