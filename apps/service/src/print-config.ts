import type { CheckedConfig } from './config.ts'

/** What stands in for what must not be shown. */
const HIDDEN = '(hidden)'

/** The configuration in force as JSON, without the secret; of the policy only its digest. */
export function printableConfig({ settings, options }: CheckedConfig): string {
  const { policy, secret, ...rest } = options
  const digest = typeof policy === 'object' && policy !== null && 'digest' in policy ? policy.digest : undefined
  const shown = {
    ...settings,
    ...rest,
    secret: secret === undefined ? '(made at the first start, beside the database)' : HIDDEN,
    policy: digest === undefined ? '(a document)' : { digest },
  }
  return `${JSON.stringify(shown, null, 2)}\n`
}
