import { createStile, type Stile } from '@stile/browser'
import type { FeatureName } from '@stile/react'
import type { policy } from '../../shared/policy.ts'
import type { Api } from '../api.ts'
import type { Activity } from './activity.ts'

/** What people read for each feature. */
export const LABELS: Readonly<Record<FeatureName | 'stile:authenticators', string>> = {
  'reports.view': 'View reports',
  'reports.export': 'Export reports',
  'payouts.approve': 'Approve payouts',
  'stile:authenticators': 'Manage passkeys and codes',
}

/** The SDK, told where the service is, how to get a session token, and which origin may get the assurance token. */
export function createClient(api: Api, service: string, activity: Activity, askPassword: () => Promise<boolean>): Stile<FeatureName> {
  return createStile<typeof policy>({
    service,
    session: api.sessionToken,
    relogin: askPassword,
    audiences: { [api.url]: [api.url] },
    fetch: activity.fetch,
  })
}
