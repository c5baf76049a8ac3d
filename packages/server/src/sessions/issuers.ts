import { shownName, shownUrl } from '@stile/protocol/node'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { StileError } from '../error.ts'
import { KeySetError, type Outage, PAUSE_SECONDS, remoteKeys, warnOfOutage } from '../login-providers/remote-keys.ts'
import type { IssuerOptions } from '../options/options.ts'
import type { Log } from '../options/schema.ts'
import { forbidClaims } from './claims.ts'

/** One configured issuer and its keys. */
export type Issuer = Readonly<{
  options: IssuerOptions
  /**
   * The key of a token, for jose.
   *
   * @throws {StileError} `invalid_token` if the issuer has no such key, `service_unavailable` if its keys cannot be fetched
   */
  getKey: JWTVerifyGetKey
}>

/** The issuers whose session tokens count. */
export type Issuers = Readonly<{
  /** By the exact `iss` of a token. */
  find(iss: string): Issuer | undefined
}>

/** What the keys of issuers need from outside. */
export type IssuersDeps = Readonly<{
  issuers: readonly IssuerOptions[]
  /** Our own issuer: its tokens are never session tokens. */
  publicUrl: string
  /** Seconds since the epoch. */
  now: () => number
  /** How key sets are fetched. */
  fetch: typeof globalThis.fetch
  /** Where it is said once what an issuer's keys or tokens lack. */
  log: Pick<Log, 'warn'>
}>

/**
 * Prepares the issuers of the configuration: key sets given inline, or fetched from their URL when they are first needed.
 *
 * @throws {TypeError} if an issuer is Stile itself, or takes its session or login time from a claim that cannot say it
 */
export function createIssuers({ issuers, publicUrl, now, fetch, log }: IssuersDeps): Issuers {
  const byIss = new Map<string, Issuer>()
  for (const options of issuers) {
    if (options.issuer.replace(/\/$/, '') === publicUrl)
      throw new TypeError(`Issuer "${options.id}" is Stile itself, whose tokens never open a session. List the primary login instead.`)
    forbidClaims(options)
    const { jwks } = options
    const onOutage = (outage: Outage): void => warnOfOutage(log, options.id, outage)
    const getKey =
      typeof jwks === 'string'
        ? remoteKeys({ url: new URL(jwks), now, fetch, onOutage })
        : createLocalJWKSet(jwks as unknown as JSONWebKeySet)
    byIss.set(options.issuer, { options, getKey: explained(options, getKey) })
  }
  return { find: (iss) => byIss.get(iss) }
}

/** Tells what the token did wrong from what is wrong with the issuer's key set. */
function explained({ id, jwks }: Pick<IssuerOptions, 'id' | 'jwks'>, getKey: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await getKey(header, token)
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey)
        throw new StileError(
          'invalid_token',
          `The session token is signed with a key that its issuer "${id}" does not publish. Received kid: ${shownName(header.kid)}. Was the key replaced, or is the SESSION_KEY of another process in use? Publish the public key where issuers[].jwks of the service points, which the log of the service names.`,
          {},
          // the key set may be at a place that only this machine should know
          { cause, log: { issuer: id, jwks: typeof jwks === 'string' ? shownUrl(jwks) : 'in the configuration' } },
        )
      if (cause instanceof errors.JWKSMultipleMatchingKeys)
        throw new StileError('invalid_token', 'The session token does not name its key (kid), and its issuer has several.', {}, { cause })
      if (cause instanceof errors.JOSENotSupported)
        throw new StileError('invalid_token', 'The session token is signed in a way that is not supported.', {}, { cause })
      const isTold = cause instanceof KeySetError
      const what = `The keys of the issuer "${id}" cannot be fetched, so its session tokens cannot be checked. The log of the service says what was answered.`
      const cure = isTold && !cause.isPassing ? 'The operator must correct issuers[].jwks, or what answers there.' : 'Try again shortly.'
      throw new StileError('service_unavailable', `${what} ${cure}`, { retryAfter: PAUSE_SECONDS }, { cause, isTold })
    }
  }
}
