import type { KeyObject } from 'node:crypto'
import { importP256, isPrivateJwk, p256Point } from '@stile/protocol/node'
import { createBoundedMap } from '../lib/bounded-map.ts'
import type { GuardLog } from '../options/options.ts'
import type { ServiceClient } from './service-client.ts'

/** What is known of the key with a `kid`. */
export type KeyLookup =
  | Readonly<{ status: 'known'; key: KeyObject }>
  /** The service has no such key. */
  | Readonly<{ status: 'unknown' }>
  /** The keys are being fetched; look again afterwards. */
  | Readonly<{ status: 'pending'; wait: Promise<unknown> }>
  /** The service could not be asked just now, so nobody knows. */
  | Readonly<{ status: 'unavailable' }>

/** The public keys of the service. */
export type Jwks = Readonly<{
  /** Synchronous; an unknown `kid` makes it fetch the keys again, but not more often than the cool-down. */
  lookup(kid: string): KeyLookup
  /** Fetches the keys if there are none; resolves to whether there are some. Never rejects. */
  load(): Promise<boolean>
  /** The service says that its keys have changed: fetches them now. Those that are withdrawn count no more, whatever is fetched later. */
  changed(withdrawn: readonly string[]): void
}>

/** What the keys are made of. */
export type JwksOptions = Readonly<{ client: ServiceClient; now: () => number; log: GuardLog; heard: () => void }>

/** How long after a fetch an unknown `kid` fetches nothing, in seconds: a flood of made-up ones costs the service nothing. */
const COOL_DOWN_SECONDS = 30
/** The same after a fetch that failed, so that recovery is quick. */
const RETRY_SECONDS = 5
/** When known keys are fetched again in the background, in seconds, so that a key that was withdrawn stops counting. */
const REFRESH_SECONDS = 300
const MAX_KEYS = 32
/** How long after a change of the keys an unknown `kid` is looked up more often, in seconds: another process may be the one that answers. */
const CHANGE_SECONDS = 60
/** How often it then is, in seconds. */
const CHANGE_COOL_DOWN_SECONDS = 1
/** How many withdrawn keys are remembered. */
const MAX_WITHDRAWN = 256

type Known = Readonly<{ x: string; y: string; key: KeyObject }>

/** Makes the key set of the service at `/.well-known/jwks.json` (RFC 7517). Keys stay known while the service is down. */
export function createJwks({ client, now, log, heard }: JwksOptions): Jwks {
  let keys: ReadonlyMap<string, Known> = new Map()
  let loaded = false
  let failed = false
  let askedAt = Number.NEGATIVE_INFINITY
  let flight: Promise<void> | undefined
  let changedAt = Number.NEGATIVE_INFINITY
  let isStale = false
  const withdrawn = createBoundedMap<string, true>(MAX_WITHDRAWN)

  const fetchKeys = async (): Promise<void> => {
    const answer = await client.get('/.well-known/jwks.json', false)
    const fetched = answer.status === 'answered' ? readKeys(answer.body, keys) : undefined
    failed = fetched === undefined
    if (fetched !== undefined) {
      keys = new Map([...fetched].filter(([kid]) => withdrawn.peek(kid) === undefined))
      loaded = true
      heard()
      return
    }
    log('warn', 'The keys of the service could not be read. Check service.url; tokens signed with keys that are known still count.', {
      cause: answer.status === 'answered' ? 'an answer without a usable key' : answer.cause,
    })
  }
  const ask = (): Promise<void> => {
    if (flight === undefined) {
      askedAt = now()
      flight = fetchKeys().finally(() => {
        flight = undefined
        // what was asked before the change may have been answered as before it
        if (isStale) {
          isStale = false
          void ask()
        }
      })
    }
    return flight
  }
  const maySpeak = (seconds: number): boolean => flight === undefined && now() - askedAt >= seconds

  return {
    lookup(kid) {
      const known = keys.get(kid)
      if (known !== undefined) {
        if (maySpeak(failed ? RETRY_SECONDS : REFRESH_SECONDS)) void ask()
        return { status: 'known', key: known.key }
      }
      const coolDown = now() - changedAt <= CHANGE_SECONDS ? CHANGE_COOL_DOWN_SECONDS : failed ? RETRY_SECONDS : COOL_DOWN_SECONDS
      if (withdrawn.peek(kid) !== undefined) return { status: 'unknown' }
      if (flight !== undefined || maySpeak(coolDown)) return { status: 'pending', wait: ask() }
      return loaded && !failed ? { status: 'unknown' } : { status: 'unavailable' }
    },
    changed(kids) {
      for (const kid of kids) withdrawn.set(kid, true)
      keys = new Map([...keys].filter(([kid]) => withdrawn.peek(kid) === undefined))
      changedAt = now()
      isStale = flight !== undefined
      void ask()
    },
    async load() {
      if (!loaded && (flight !== undefined || maySpeak(RETRY_SECONDS))) await ask()
      return loaded
    },
  }
}

/** The usable keys of a JWK set; a key that did not change keeps its object. */
function readKeys(body: unknown, before: ReadonlyMap<string, Known>): ReadonlyMap<string, Known> | undefined {
  const list: unknown = typeof body === 'object' && body !== null ? (body as { keys?: unknown }).keys : undefined
  if (!Array.isArray(list)) return undefined
  const keys = new Map<string, Known>()
  for (const jwk of list.slice(0, MAX_KEYS) as unknown[]) {
    const point = p256Point(jwk)
    if (point === undefined || isPrivateJwk(jwk)) continue
    const { kid, alg = 'ES256', use = 'sig' } = jwk as Readonly<Record<string, unknown>>
    if (typeof kid !== 'string' || kid === '' || alg !== 'ES256' || use !== 'sig' || keys.has(kid)) continue
    const old = before.get(kid)
    const key = old?.x === point.x && old.y === point.y ? old.key : importP256(point)
    if (key !== undefined) keys.set(kid, { ...point, key })
  }
  return keys.size > 0 ? keys : undefined
}
