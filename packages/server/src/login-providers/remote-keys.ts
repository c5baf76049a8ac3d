import { networkCodeOf, shownUrl } from '@stile/protocol/node'
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import type { Log } from '../options/schema.ts'

const TIMEOUT_MS = 5_000
const MAX_JWKS_BYTES = 256 * 1024
/** How long a key set is used before it is read again. */
const FRESH_SECONDS = 600
/** How long a former key set is used on if it cannot be read again: as long as the metadata of a provider. */
const STALE_SECONDS = 86_400
/** How long the key set is not read again after it could not be read. */
export const PAUSE_SECONDS = 5
/** How long a failure says that the URL is still away. */
const KNOWN_SECONDS = 60
/** How many times it is read at once for key ids that are not in it, and how soon once more: a flood of made-up ids costs that and no more. */
const LOOK_UPS = 3
const LOOK_UP_SECONDS = 3
/** How long a lasting fault is not told again. */
const QUIET_SECONDS = 30

/** A key set that cannot be read. Its message names the place and what came, and holds nothing secret. */
export class KeySetError extends Error {
  /** Whether it may pass by itself: an outage, and not another answer than a key set. */
  readonly isPassing: boolean

  constructor(message: string, { isPassing, cause }: Readonly<{ isPassing: boolean; cause?: unknown }>) {
    super(message, { cause })
    this.name = 'KeySetError'
    this.isPassing = isPassing
  }
}

/** That a key set cannot be read, and whether former keys are used on. */
export type Outage = Readonly<{ cause: unknown; usesFormer: boolean }>

/** What the keys at a URL need from outside. */
export type RemoteKeys = Readonly<{
  url: URL
  /** Seconds since the epoch. */
  now: () => number
  fetch: typeof globalThis.fetch
  /** Told once per outage when former keys begin to be used on, and without such keys at most once in half a minute. */
  onOutage(outage: Outage): void
}>

/**
 * The keys at a URL: read when they are first needed, then every ten minutes, and for a key id that is not among them.
 *
 * In an outage of the URL former keys are used on for a day (RFC 5861 §4); who needs another key waits for its end.
 */
export function remoteKeys({ url, now, fetch, onOutage }: RemoteKeys): JWTVerifyGetKey {
  let kept: Readonly<{ keys: JWTVerifyGetKey; at: number }> | undefined
  let failed: Readonly<{ cause: unknown; at: number }> | undefined
  let reading: Promise<void> | undefined
  let lookUps = LOOK_UPS
  let countedAt = now()
  let toldAt = Number.NEGATIVE_INFINITY

  const tell = (cause: unknown): void => {
    const usesFormer = kept !== undefined && now() - kept.at < STALE_SECONDS
    if (usesFormer ? failed !== undefined : now() - toldAt < QUIET_SECONDS) return
    toldAt = now()
    onOutage({ cause, usesFormer })
  }

  /** Never rejects; what came of it is in `kept` and `failed`. */
  const read = async (): Promise<void> => {
    try {
      kept = { keys: await readKeys(url, fetch), at: now() }
      failed = undefined
    } catch (cause) {
      tell(cause)
      failed = { cause, at: now() }
    } finally {
      reading = undefined
    }
  }
  const readOnce = (): Promise<void> => {
    reading ??= read()
    return reading
  }
  const isPaused = (): boolean => failed !== undefined && now() < failed.at + PAUSE_SECONDS

  const mayLookUp = (): boolean => {
    const earned = Math.floor((now() - countedAt) / LOOK_UP_SECONDS)
    if (earned > 0) {
      lookUps = Math.min(lookUps + earned, LOOK_UPS)
      countedAt = now()
    }
    if (lookUps === 0) return false
    lookUps -= 1
    return true
  }

  const keysNow = async (): Promise<JWTVerifyGetKey> => {
    const age = kept === undefined ? Number.POSITIVE_INFINITY : now() - kept.at
    if (age >= FRESH_SECONDS && !isPaused()) {
      const again = readOnce()
      // in a lasting outage no request waits for its end
      const isKnown = failed !== undefined && now() < failed.at + KNOWN_SECONDS
      if (!isKnown || age >= STALE_SECONDS) await again
    }
    if (kept === undefined || now() - kept.at >= STALE_SECONDS) throw failed?.cause
    return kept.keys
  }

  return async (header, token) => {
    const keys = await keysNow()
    try {
      return await keys(header, token)
    } catch (cause) {
      if (!(cause instanceof errors.JWKSNoMatchingKey)) throw cause
      // a read that is under way may bring the key, and costs nothing more
      if (reading !== undefined || (!isPaused() && mayLookUp())) await readOnce()
      // whether the issuer has such a key cannot be told
      if (failed !== undefined) throw failed.cause
      if (kept === undefined || kept.keys === keys) throw cause
      return kept.keys(header, token)
    }
  }
}

/** Tells the operator that the keys of an issuer cannot be read, and for how long it goes on without. */
export function warnOfOutage(log: Pick<Log, 'warn'>, issuer: string, { cause, usesFormer }: Outage): void {
  const reason = cause instanceof Error ? cause.message : 'unknown'
  const effect = usesFormer
    ? `its former keys count for ${STALE_SECONDS / 3_600} hours more at most`
    : 'so none of its tokens can be checked'
  log.warn({ issuer, reason }, `the key set of an issuer cannot be read; ${effect}`)
}

/** The keys at a URL. Throws, with what came from where, if it is no key set, is larger than one ever is, or does not come in time. */
async function readKeys(url: URL, fetch: typeof globalThis.fetch): Promise<JWTVerifyGetKey> {
  const place = shownUrl(url.href)
  let response: Response
  try {
    response = await fetch(url, {
      headers: { accept: 'application/json, application/jwk-set+json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (cause) {
    const code = networkCodeOf(cause)
    const message = `${place} did not answer${code === undefined ? '' : ` (${code})`}. Check the URL of the key set (jwks), and that this machine can reach it.`
    throw new KeySetError(message, { isPassing: true, cause })
  }
  const answered = `${place} answered status ${response.status} with content type ${mediaTypeOf(response)}`
  if (response.status !== 200) {
    await response.body?.cancel()
    const isPassing = response.status >= 500 || response.status === 429
    throw new KeySetError(`${answered}, but a key set (jwks) comes with status 200; redirects are not followed.`, { isPassing })
  }
  try {
    return createLocalJWKSet(JSON.parse(await readText(response)))
  } catch (cause) {
    const message = `${answered}, which is no key set (jwks): JSON with "keys", of at most ${MAX_JWKS_BYTES} bytes.`
    throw new KeySetError(message, { isPassing: networkCodeOf(cause) !== undefined || isTimeout(cause), cause })
  }
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'TimeoutError'
}

function mediaTypeOf({ headers }: Response): string {
  const type = headers.get('content-type')?.split(';')[0]?.trim()
  if (type === undefined) return '(none)'
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? `"${type.slice(0, 100)}"` : '(unreadable)'
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > MAX_JWKS_BYTES) throw new Error('It is too large.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
