import { CLOCK_SKEW_SECONDS } from '@stile/protocol'
import * as oauth from 'oauth4webapi'
import { z } from 'zod'
import type { LoginProvider, ProviderMetadata, ReloginOptions } from '../../login-providers/provider.ts'
import { ProviderUnreachable } from '../../login-providers/unavailable.ts'

import type { BegunLogin } from './begun.ts'

const text = z.string().min(1).max(4096)

const ANSWER = z
  .object({ state: text, code: text.optional(), error: text.optional(), iss: text.optional() })
  .refine(({ code, error }) => (code === undefined) !== (error === undefined))

/** What a login provider sent to the page: a code or an error, never both. */
export type LoginAnswer = Readonly<{ state: string; code?: string | undefined; error?: string | undefined; iss?: string | undefined }>

/** Reads it; `undefined` if it cannot be one. Other members are ignored. */
export function readLoginAnswer(response: unknown): LoginAnswer | undefined {
  return ANSWER.safeParse(response).data
}

/** The claims of an ID token that passed every check, or why there is none. */
export type Redeemed =
  | Readonly<{ ok: true; claims: Readonly<Record<string, unknown>> }>
  | Readonly<{ ok: false; failure: 'login_refused' | 'login_invalid' }>

/** Errors of the token endpoint (RFC 6749 §5.2) that say how this service is registered, and nothing of the user. */
const NOT_THE_USERS: readonly string[] = [
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'server_error',
]
const NO_TOKEN: readonly (string | undefined)[] = [oauth.RESPONSE_IS_NOT_CONFORM, oauth.RESPONSE_IS_NOT_JSON]

/**
 * Redeems what a login provider sent to the page: its issuer (RFC 9207), the code (RFC 6749 §4.1.3 with the verifier of RFC 7636), and the
 * ID token (OpenID Connect Core 1.0 §3.1.3.7): signature, `iss`, `aud`, `azp`, `nonce`, `exp`, `iat`.
 *
 * Whose login it is and how old it is, is not looked at here. Nothing of what was sent or answered is in an error.
 *
 * @param now  whole seconds since the epoch
 * @throws {ProviderUnreachable} if the provider does not answer, or refuses this service and not the login
 */
export async function redeemLogin(
  { relogin, request }: LoginProvider,
  metadata: ProviderMetadata,
  { login, answer, now }: Readonly<{ login: BegunLogin; answer: LoginAnswer; now: number }>,
): Promise<Redeemed> {
  const client: oauth.Client = {
    client_id: relogin.clientId,
    // the library reads the clock of the machine
    [oauth.clockSkew]: now - Math.floor(Date.now() / 1000),
    [oauth.clockTolerance]: CLOCK_SKEW_SECONDS,
  }
  try {
    const parameters = oauth.validateAuthResponse(metadata, client, parametersOf(answer), login.state)
    const response = await oauth.authorizationCodeGrantRequest(
      metadata,
      client,
      authenticationOf(relogin, metadata),
      parameters,
      login.redirectUri,
      login.verifier,
      request,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(metadata, client, response, {
      expectedNonce: login.nonce,
      requireIdToken: true,
    })
    // TLS to the token endpoint could stand for the signature; a proxy that opens it could not sign
    await oauth.validateApplicationLevelSignature(metadata, response, request)
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    if (claims === undefined || claims.iat > now + CLOCK_SKEW_SECONDS) return { ok: false, failure: 'login_invalid' }
    return { ok: true, claims }
  } catch (error) {
    return failureOf(error)
  }
}

function parametersOf({ state, code, error, iss }: LoginAnswer): URLSearchParams {
  const given = Object.entries({ state, code, error, iss }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return new URLSearchParams(given)
}

/** As configured; else as the provider's metadata says, whose default is the header (OpenID Connect Discovery 1.0 §3). */
function authenticationOf({ clientSecret, clientAuthentication }: ReloginOptions, metadata: ProviderMetadata): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None()
  const supported = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  const method = clientAuthentication ?? (supported.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post')
  return method === 'client_secret_basic' ? oauth.ClientSecretBasic(clientSecret) : oauth.ClientSecretPost(clientSecret)
}

/** Tells what the provider said of the login from what keeps it from saying anything. The library's own errors hold what was sent. */
function failureOf(error: unknown): Redeemed {
  if (error instanceof ProviderUnreachable) throw error
  if (error instanceof oauth.AuthorizationResponseError)
    return error.error === 'server_error' || error.error === 'temporarily_unavailable'
      ? unreachable(error.error)
      : { ok: false, failure: 'login_refused' }
  if (error instanceof oauth.ResponseBodyError && NOT_THE_USERS.includes(error.error)) return unreachable(error.error)
  if (error instanceof oauth.WWWAuthenticateChallengeError) return unreachable('the credentials of this service')
  if (error instanceof oauth.OperationProcessingError && NO_TOKEN.includes(error.code))
    return unreachable('an answer that is no token response')
  return { ok: false, failure: 'login_invalid' }
}

function unreachable(what: string): never {
  throw new ProviderUnreachable(`The login provider did not redeem the code: ${what}. Check how this service is registered there.`)
}
