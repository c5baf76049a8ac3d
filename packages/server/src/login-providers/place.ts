import type { Level } from '@stile/protocol'
import type { Caller, Domain } from '../domain.ts'
import { matchesOrigin } from '../options/origins.ts'
import { highestLevelAt } from './acr.ts'
import type { LoginProvider } from './provider.ts'

/** Where someone signs in again, and the page that they come back to. */
export type LoginPlace = Readonly<{ provider: LoginProvider; redirectUri: string }>

/**
 * The place of a caller: the login provider of their issuer, with the page that belongs to the client they use. `undefined` where it is the
 * application's own login: none is configured, the client has no such page, or they act for somebody else and cannot sign in as them.
 */
export function placeOf({ logins, options }: Pick<Domain, 'logins' | 'options'>, caller: Caller): LoginPlace | undefined {
  const provider = caller.actor === undefined ? logins.find(caller.issuer) : undefined
  const origins = options.clients.find(({ id }) => id === caller.client)?.origins ?? []
  const redirectUri = provider?.relogin.redirectUris.find((page) => origins.some((each) => matchesOrigin(each, new URL(page).origin)))
  return provider === undefined || redirectUri === undefined ? undefined : { provider, redirectUri }
}

/** The highest level that a caller can reach by signing in again: `session` where it is not at a login provider. */
export function reloginLevelOf(domain: Pick<Domain, 'logins' | 'options'>, caller: Caller): Level {
  const place = placeOf(domain, caller)
  return place === undefined ? 'session' : highestLevelAt(place.provider.issuer)
}
