import type { JWTVerifyGetKey } from 'jose'
import type * as oauth from 'oauth4webapi'
import type { IssuerOptions } from '../options/options.ts'
import type { Log } from '../options/schema.ts'
import { createOutbound, type OutboundLimits } from './outbound.ts'
import { type Outage, type RemoteKeys, remoteKeys, warnOfOutage } from './remote-keys.ts'
import { ProviderUnreachable } from './unavailable.ts'

/** The OAuth client, which is loaded if a login provider is configured. */
const loadClient = () => import('oauth4webapi')

/** How long metadata is used before it is read again, in seconds. */
const FRESH_SECONDS = 3_600
/** How long former metadata is used on if it cannot be read again, in seconds. */
const STALE_SECONDS = 86_400
/** How long it is not asked for again after it could not be read, in seconds. */
const PAUSE_SECONDS = 5

/** What is configured of a login provider. */
export type ReloginOptions = NonNullable<IssuerOptions['relogin']>

/** Metadata of a login provider with the three places that a sign-in needs. */
export type ProviderMetadata = oauth.AuthorizationServer &
  Readonly<{ authorization_endpoint: string; token_endpoint: string; jwks_uri: string }>

/** A login provider at which users can sign in again. */
export type LoginProvider = Readonly<{
  /** The issuer of the configuration that it is the login provider of. */
  issuer: IssuerOptions
  relogin: ReloginOptions
  /** What people call it: its configured name, else its host. */
  name: string
  /**
   * Its metadata (OpenID Connect Discovery 1.0 §4), read when it is first needed and then every hour.
   *
   * @throws {ProviderUnreachable}
   */
  metadata(): Promise<ProviderMetadata>
  /** Its key for a token that it signed, for jose. */
  getKey: JWTVerifyGetKey
  /** How to ask it something: bounded in time and size. */
  request: Readonly<{ [oauth.customFetch]: ReturnType<typeof createOutbound>; [oauth.allowInsecureRequests]: boolean }>
}>

/** The login providers of a service. */
export type LoginProviders = Readonly<{
  /** By the id of an issuer; `undefined` if none is configured for it. */
  find(issuerId: string): LoginProvider | undefined
}>

/** What login providers need from outside. */
export type LoginProvidersDeps = Readonly<{
  issuers: readonly IssuerOptions[]
  /** Whole seconds since the epoch. */
  now: () => number
  fetch: typeof globalThis.fetch
  log: Pick<Log, 'warn'>
  limits?: OutboundLimits
}>

/** Prepares the login providers of the configuration; nothing is asked of them yet. */
export async function createLoginProviders({ issuers, now, fetch, log, limits }: LoginProvidersDeps): Promise<LoginProviders> {
  if (issuers.every(({ relogin }) => relogin === undefined)) return { find: () => undefined }
  const oauth = await loadClient()
  const outbound = createOutbound(fetch, limits)
  const providers = new Map<string, LoginProvider>()
  for (const issuer of issuers) {
    const { id, relogin } = issuer
    if (relogin === undefined) continue
    const url = new URL(relogin.issuer ?? issuer.issuer)
    // the options allow http on this machine and in tests only; who is asked over https is never left for http
    const request = { [oauth.customFetch]: outbound, [oauth.allowInsecureRequests]: url.protocol === 'http:' }
    const read = async () => checked(await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, request)), url)
    const metadata = remembered(read, now)
    const onOutage = (outage: Outage): void => warnOfOutage(log, id, outage)
    providers.set(id, {
      issuer,
      relogin,
      name: relogin.name ?? url.host,
      metadata,
      getKey: keysAt(metadata, { now, fetch, onOutage }),
      request,
    })
  }
  return { find: (issuerId) => providers.get(issuerId) }
}

/** The keys at the place that the metadata name at the time. */
function keysAt(metadata: () => Promise<ProviderMetadata>, deps: Omit<RemoteKeys, 'url'>): JWTVerifyGetKey {
  let kept: Readonly<{ uri: string; getKey: JWTVerifyGetKey }> | undefined
  return async (header, token) => {
    const { jwks_uri: uri } = await metadata()
    if (kept?.uri !== uri) kept = { uri, getKey: remoteKeys({ url: new URL(uri), ...deps }) }
    return kept.getKey(header, token)
  }
}

/** Reads once for all who ask at the same time, and again when it is old. */
function remembered(read: () => Promise<ProviderMetadata>, now: () => number): () => Promise<ProviderMetadata> {
  let kept: Readonly<{ value: ProviderMetadata; at: number }> | undefined
  let reading: Promise<ProviderMetadata> | undefined
  let failed: Readonly<{ error: unknown; until: number }> | undefined

  const renew = async (): Promise<ProviderMetadata> => {
    try {
      const value = await read()
      kept = { value, at: now() }
      failed = undefined
      return value
    } catch (cause) {
      const error =
        cause instanceof ProviderUnreachable
          ? cause
          : new ProviderUnreachable('The metadata of the login provider is not usable.', { cause })
      failed = { error, until: now() + PAUSE_SECONDS }
      throw error
    } finally {
      reading = undefined
    }
  }

  return async () => {
    const at = now()
    if (kept !== undefined && at < kept.at + FRESH_SECONDS) return kept.value
    const former = kept !== undefined && at < kept.at + STALE_SECONDS ? kept.value : undefined
    if (failed !== undefined && at < failed.until) {
      if (former !== undefined) return former
      throw failed.error
    }
    reading ??= renew()
    return former === undefined ? reading : reading.catch(() => former)
  }
}

function checked(metadata: oauth.AuthorizationServer, { protocol }: URL): ProviderMetadata {
  const { authorization_endpoint, token_endpoint, jwks_uri } = metadata
  for (const endpoint of [authorization_endpoint, token_endpoint, jwks_uri]) {
    if (endpoint === undefined || !URL.canParse(endpoint) || !['https:', protocol].includes(new URL(endpoint).protocol))
      throw new ProviderUnreachable('The metadata of the login provider does not say where to sign in, redeem a code or find its keys.')
  }
  return metadata as ProviderMetadata
}
