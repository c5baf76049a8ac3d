import type { CheckedConfig } from './config.ts'

/** What stands in for what must not be shown. */
const HIDDEN = '(hidden)'

/** The configuration in force as JSON, without secrets; of the policy only its digest. */
export function printableConfig({ settings, options }: CheckedConfig): string {
  const { policy, secret, previousSecrets, mail, issuers, ...rest } = options
  const digest = typeof policy === 'object' && policy !== null && 'digest' in policy ? policy.digest : undefined
  const shown = {
    ...settings,
    ...rest,
    issuers: issuers.map(withoutClientSecret),
    ...(mail && { mail: withoutCredentials(mail) }),
    secret: secret === undefined ? '(made at the first start, beside the database)' : HIDDEN,
    ...(previousSecrets && { previousSecrets: previousSecrets.map(() => HIDDEN) }),
    policy: digest === undefined ? '(a document)' : { digest },
  }
  return `${JSON.stringify(shown, null, 2)}\n`
}

type MailConfig = NonNullable<CheckedConfig['options']['mail']>

/** Of the transport only where it leads: passwords, keys and tokens can stand in many places of it. */
function withoutCredentials({ url, transport, ...rest }: MailConfig): object {
  const { host, port, secure, ...more } = transport ?? {}
  const hidden = Object.keys(more).map((name) => [name, HIDDEN])
  return {
    ...rest,
    ...(url !== undefined && { url: withoutUser(url) }),
    ...(transport && { transport: { host, port, secure, ...Object.fromEntries(hidden) } }),
  }
}

function withoutUser(text: string): string {
  const { protocol, host, username } = new URL(text)
  return `${protocol}//${username === '' ? '' : `${HIDDEN}@`}${host}`
}

function withoutClientSecret<T extends object>(issuer: T): object {
  if (!('relogin' in issuer) || typeof issuer.relogin !== 'object' || issuer.relogin === null) return issuer
  const secret = 'clientSecret' in issuer.relogin ? { clientSecret: HIDDEN } : {}
  return { ...issuer, relogin: { ...issuer.relogin, ...secret } }
}
