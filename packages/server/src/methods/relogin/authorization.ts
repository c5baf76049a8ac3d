import type { Level } from '@stile/protocol'
import { acrRequestFor } from '../../login-providers/acr.ts'
import type { LoginProvider, ProviderMetadata } from '../../login-providers/provider.ts'
import type { Caller } from '../../sessions/caller.ts'
import { type BegunLogin, codeChallenge } from './begun.ts'

/**
 * The page to open: an authorization request (OpenID Connect Core 1.0 §3.1.2.1) with the code flow, PKCE, `state` and `nonce`, that asks
 * for a login given now by the caller themselves.
 */
export function authorizationUrl(
  { issuer, relogin }: Pick<LoginProvider, 'issuer' | 'relogin'>,
  { authorization_endpoint }: Pick<ProviderMetadata, 'authorization_endpoint'>,
  { login, level, caller }: Readonly<{ login: BegunLogin; level: Level; caller: Caller }>,
): string {
  const url = new URL(authorization_endpoint)
  const acr = acrRequestFor(issuer, level)
  const hint = hintFor(relogin.loginHint, caller)
  const parameters: Readonly<Record<string, string>> = {
    ...relogin.parameters,
    ...acr?.parameters,
    client_id: relogin.clientId,
    response_type: 'code',
    redirect_uri: login.redirectUri,
    scope: relogin.scope,
    state: login.state,
    nonce: login.nonce,
    code_challenge: codeChallenge(login),
    code_challenge_method: 'S256',
    prompt: 'login',
    max_age: '0',
    ...(acr && { acr_values: acr.acr_values }),
    ...(hint !== undefined && { login_hint: hint }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

function hintFor(kind: LoginProvider['relogin']['loginHint'], { sub, email }: Caller): string | undefined {
  if (kind === 'sub') return sub
  return kind === 'email' ? email?.address : undefined
}
