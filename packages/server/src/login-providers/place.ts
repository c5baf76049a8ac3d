import type { Level } from '@stile/protocol'
import type { FactsDomain } from '../options/domain.ts'
import { matchesOrigin } from '../options/origins.ts'
import { highestLevelAt } from './acr.ts'
import type { LoginProvider, LoginProviders } from './provider.ts'

/** Who signs in again: at which issuer, in which client, and for whom they act, if for anybody. */
type Login = Readonly<{ issuer: string; client: string; actor?: string }>

/** Where someone signs in again, and the page that they come back to. */
export type LoginPlace = Readonly<{ provider: LoginProvider; redirectUri: string }>

type PlaceDomain = Pick<FactsDomain, 'options'> & Readonly<{ logins: LoginProviders }>

/**
 * The place of a caller: the login provider of their issuer, with the page that belongs to the client they use. `undefined` if it is the
 * application's own login: none is configured, the client has no such page, or they act for somebody else and cannot sign in as them.
 */
export function placeOf({ logins, options }: PlaceDomain, caller: Login): LoginPlace | undefined {
  const provider = caller.actor === undefined ? logins.find(caller.issuer) : undefined
  const origins = options.clients.find(({ id }) => id === caller.client)?.origins ?? []
  const redirectUri = provider?.relogin.redirectUris.find((page) => origins.some((each) => matchesOrigin(each, new URL(page).origin)))
  return provider === undefined || redirectUri === undefined ? undefined : { provider, redirectUri }
}

/** The highest level that a caller can reach by signing in again: `session` if it is not at a login provider. */
export function reloginLevelOf(domain: PlaceDomain, caller: Login): Level {
  const place = placeOf(domain, caller)
  return place === undefined ? 'session' : highestLevelAt(place.provider.issuer)
}
