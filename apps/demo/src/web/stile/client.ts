import { createStile, type Stile } from '@stile/browser'
import type { FeatureName, TierName } from '@stile/react'
import type { policy } from '../../shared/policy.ts'
import type { Api } from '../api.ts'
import type { Activity } from './activity.ts'

/** What people read for each feature and each plan. */
export const LABELS: Readonly<Record<FeatureName | TierName | 'stile:authenticators' | 'stile:recovery', string>> = {
  'reports.view': 'View reports',
  'contact.change': 'Change the billing contact',
  'reports.export': 'Export reports',
  'payouts.approve': 'Approve payouts',
  'payouts.account': 'Change the payout account',
  'stile:authenticators': 'Manage the ways you confirm it’s you',
  'stile:recovery': 'Recover your account',
  basic: 'Basic',
  pro: 'Pro',
  enterprise: 'Enterprise',
}

/** What the client is made of. */
export type ClientOptions = Readonly<{
  api: Api
  service: string
  activity: Activity
  /** Whether the user signs in with a password of the product's own: the dialog asks for it, and the product checks it. */
  hasPassword: boolean
}>

/** The SDK, told where the service is, how to get a session token, and which origin may get the assurance token. */
export function createClient({ api, service, activity, hasPassword }: ClientOptions): Stile<FeatureName> {
  return createStile<typeof policy>({
    service,
    session: api.sessionToken,
    ...(hasPassword && { relogin: { password: api.confirmPassword } }),
    audiences: { [api.url]: [api.url] },
    fetch: activity.fetch,
  })
}
