import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose'
import { StileError } from '../error.ts'
import type { IssuerOptions } from '../options/options.ts'
import { forbidClaims } from './claims.ts'

const TIMEOUT_MS = 5_000
/** How long the key set is not fetched again for a key id that is not in it. */
const COOLDOWN_MS = 30_000
/** How long the key set is not fetched again after a fetch that failed. */
const PAUSE_SECONDS = 5
const MAX_JWKS_BYTES = 256 * 1024

/** One configured issuer and its keys. */
export type Issuer = Readonly<{
  options: IssuerOptions
  /**
   * The key of a token, for jose.
   *
   * @throws {StileError} `invalid_token` where the issuer has no such key, `service_unavailable` where its keys cannot be fetched
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
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch
}>

/**
 * Prepares the issuers of the configuration: key sets given inline, or fetched from their URL when they are first needed.
 *
 * @throws {TypeError} where an issuer is Stile itself, or takes its session or login time from a claim that cannot say it
 */
export function createIssuers({ issuers, publicUrl, now, fetch = globalThis.fetch }: IssuersDeps): Issuers {
  const byIss = new Map<string, Issuer>()
  for (const options of issuers) {
    if (options.issuer.replace(/\/$/, '') === publicUrl)
      throw new TypeError(`Issuer "${options.id}" is Stile itself, whose tokens never open a session. List the primary login instead.`)
    forbidClaims(options)
    const { jwks } = options
    const getKey = typeof jwks === 'string' ? remoteKeys(new URL(jwks), now, fetch) : createLocalJWKSet(jwks as unknown as JSONWebKeySet)
    byIss.set(options.issuer, { options, getKey: explained(getKey) })
  }
  return { find: (iss) => byIss.get(iss) }
}

/** The keys at a URL: read when they are first needed, kept, and not asked for again by every request that they are missing for. */
export function remoteKeys(url: URL, now: () => number, fetch: typeof globalThis.fetch): JWTVerifyGetKey {
  let pausedUntil = Number.NEGATIVE_INFINITY
  const fetchOnce: FetchImplementation = async (target, init) => {
    // a key set that cannot be fetched is not asked for again by every request
    if (now() < pausedUntil) throw new Error('The key set could not be fetched a moment ago.')
    try {
      return await bounded(await fetch(target, init))
    } catch (cause) {
      pausedUntil = now() + PAUSE_SECONDS
      throw cause
    }
  }
  return createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MS, cooldownDuration: COOLDOWN_MS, [customFetch]: fetchOnce })
}

/** The response with its whole body read, refused where it is no key set or larger than one ever is. */
async function bounded(response: Response): Promise<Response> {
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`The key set was answered with status ${response.status}.`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > MAX_JWKS_BYTES) throw new Error('The key set is too large.')
    chunks.push(chunk)
  }
  return new Response(Buffer.concat(chunks), { status: 200 })
}

/** Tells what the token did wrong from what is wrong with the issuer's key set. */
function explained(getKey: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await getKey(header, token)
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey)
        throw new StileError('invalid_token', 'The session token is signed by a key that its issuer does not publish.', {}, { cause })
      if (cause instanceof errors.JWKSMultipleMatchingKeys)
        throw new StileError('invalid_token', 'The session token does not name its key (kid), and its issuer has several.', {}, { cause })
      if (cause instanceof errors.JOSENotSupported)
        throw new StileError('invalid_token', 'The session token is signed in a way that is not supported.', {}, { cause })
      throw new StileError(
        'service_unavailable',
        'The keys of the login provider cannot be fetched now, so session tokens cannot be checked. Try again shortly.',
        { retryAfter: PAUSE_SECONDS },
        { cause },
      )
    }
  }
}
