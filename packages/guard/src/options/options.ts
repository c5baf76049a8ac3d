import { closest, featuresOf, isPolicy, type Policy, parseDuration } from '@stile/policy'
import type { Identity } from '../requests/identity.ts'
import { GuardError } from './error.ts'
import { checkMemory, type GuardMemory, type MemoryBudgets } from './memory.ts'

/** One line for the operator; `fields` never hold a token, a key or a person's name. */
export type GuardLog = (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void

/** Where the verification service is. */
export type GuardService = Readonly<{
  /** The `publicUrl` of the service, path included: it is also the issuer of its tokens. `http:` is for this machine alone. */
  url: string
  /** The API key of scope `guard`. */
  key: string
  /** How requests are sent. Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch
}>

/** What a guard is made of. `F` are the features of its policy, `R` is the request of the framework. */
export type GuardOptions<F extends string = string, R = unknown> = Readonly<{
  service: GuardService
  /** The `aud` of the tokens that are meant for this API, as the service is configured. */
  audience: string
  /** What decides: the value of `definePolicy`, the same that the service publishes. */
  policy: Policy<F>
  /** The application's own verified caller, or `null` if nobody is signed in. What it throws is a refusal. */
  identify: (request: R) => Identity | null | undefined | Promise<Identity | null | undefined>
  /**
   * The public origin that browsers send this API's requests to, such as `https://api.example.com`; device proofs are checked against
   * it and never against `Host`. A path says what a reverse proxy strips.
   */
  origin: string
  /**
   * Asks device proofs for a nonce of this API that is at most 60 seconds old (RFC 9449 §9), so that a script in the page cannot sign
   * proofs for the time after the page is closed. Without it such proofs work until their token ends, after five minutes at the latest.
   * All processes with the same `service.key` accept each other's nonces. Default `false`.
   */
  nonces?: boolean
  /** How long licenses that are known stay good after the service was last heard. Default `24h`, at most `7d`. */
  outage?: string
  /** Lets features that the policy marks `observe` or `off` run unenforced. Default `false`: the policy alone opens nothing. */
  observe?: boolean
  /** How long the feed may be silent, in seconds, before stronger features answer 503. Default 30, from 15 to 300. */
  staleSeconds?: number
  /** How much the guard may remember, in MiB: 192 in all if left out. What happens when one is full stands with each. */
  memory?: GuardMemory
  /** Whole seconds since the epoch. Default: the machine's clock. */
  now?: () => number
  /** Default: warnings and errors on `console`. */
  log?: GuardLog
}>

/** The options once they are checked, defaults filled in. */
export type Settings<F extends string, R> = Readonly<{
  service: Required<GuardService>
  audience: string
  policy: Policy<F>
  identify: GuardOptions<F, R>['identify']
  origin: string
  nonces: boolean
  outageSeconds: number
  observe: boolean
  staleSeconds: number
  memory: MemoryBudgets
  now: () => number
  log: GuardLog
}>

const MAX_OUTAGE_SECONDS = 7 * 86_400

/**
 * Checks the options of a guard.
 *
 * @throws GuardError `invalid_option`, which names the option and the fix
 */
export function checkOptions<F extends string, R>(options: GuardOptions<F, R>): Settings<F, R> {
  if (typeof options !== 'object' || options === null) fail('options', 'must be one object', 'Call createGuard({ service, audience, … }).')
  const { service, audience, policy, identify, origin, now } = options
  const { nonces = false, outage = '24h', observe = false, staleSeconds = 30, log = consoleLog } = options
  if (typeof service !== 'object' || service === null) fail('service', 'is missing', 'Give { url, key } of the verification service.')
  const { url, key, fetch = globalThis.fetch } = service
  if (typeof key !== 'string' || !/^[\x21-\x7e]+$/.test(key)) {
    fail('service.key', 'is missing or has spaces', 'Make an API key of scope guard with the service and pass it from a secret.')
  }
  if (typeof fetch !== 'function') fail('service.fetch', 'is not a function', 'Leave it out to use the global fetch.')
  if (typeof audience !== 'string' || audience === '')
    fail('audience', 'is missing', 'Give the id of this API as the service has it in audiences.')
  if (!isPolicy(policy)) fail('policy', 'is not a checked policy', 'Give what definePolicy returned, or parsePolicy(…).policy.')
  if (typeof identify !== 'function') {
    fail('identify', 'is missing', 'Give a function that returns { issuer, sub, account } of your own verified session, or null.')
  }
  const outageSeconds = parseDuration(outage)
  if (outageSeconds === undefined || outageSeconds > MAX_OUTAGE_SECONDS) {
    fail('outage', 'is not a duration of at most 7d', 'Write a whole number and one of s m h d, such as 24h.')
  }
  if (!Number.isInteger(staleSeconds) || staleSeconds < 15 || staleSeconds > 300) {
    fail('staleSeconds', 'is not a whole number from 15 to 300', 'Leave it out for 30; the service is heard every 10 seconds.')
  }
  if (typeof nonces !== 'boolean') fail('nonces', 'is not a boolean', 'Give true to ask device proofs for a nonce, or leave it out.')
  if (typeof observe !== 'boolean') fail('observe', 'is not a boolean', 'Leave it out to enforce everything.')
  if (now !== undefined && typeof now !== 'function')
    fail('now', 'is not a function', 'Give a function that returns seconds, or leave it out.')
  if (typeof log !== 'function') fail('log', 'is not a function', 'Give (level, message, fields) => void, or leave it out.')
  return {
    service: { url: checkServiceUrl(url), key, fetch },
    audience,
    policy,
    identify,
    origin: checkUrl('origin', origin, 'Give the origin that browsers call this API by, such as https://api.example.com.'),
    nonces,
    outageSeconds,
    observe,
    staleSeconds,
    memory: checkMemory(options.memory),
    now: now ?? systemSeconds,
    log,
  }
}

/**
 * Checks a feature's name when a route is made.
 *
 * @throws GuardError `unknown_feature`, with the name that was most likely meant
 */
export function checkFeature<F extends string>(policy: Policy<F>, feature: string): asserts feature is F {
  const known: readonly string[] = featuresOf(policy)
  if (known.includes(feature)) return
  const meant = typeof feature === 'string' ? closest(feature, known) : undefined
  const hint = meant === undefined ? `It has: ${known.join(', ')}.` : `Did you mean “${meant}”?`
  throw new GuardError('unknown_feature', `The policy has no feature “${feature}”, so this route would refuse everybody. ${hint}`)
}

/** Whole seconds since the epoch by the machine's clock. */
export function systemSeconds(): number {
  return Math.floor(Date.now() / 1_000)
}

/** The key goes to this URL with every request, so it leaves the machine encrypted or not at all. */
function checkServiceUrl(value: unknown): string {
  const url = checkUrl('service.url', value, 'Give the publicUrl of the service, such as https://stile.example.com.')
  const { protocol, hostname } = new URL(url)
  if (protocol !== 'https:' && !LOOPBACK.test(hostname)) {
    fail('service.url', 'is http on another machine: the key would travel in clear text', 'Give the https URL of the service.')
  }
  return url
}

/** As the URL parser writes hosts: it brings every spelling of an address to one. */
const LOOPBACK = /^(?:(?:[^.]+\.)*localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

function checkUrl(option: string, value: unknown, fix: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return fail(option, 'is not an http or https URL', fix)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return fail(option, 'has a user name, a query or a fragment', fix)
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

function fail(option: string, what: string, fix: string): never {
  throw new GuardError('invalid_option', `createGuard: the option ${option} ${what}, so nothing can be guarded. ${fix}`, option)
}

const consoleLog: GuardLog = (level, message, fields) => {
  if (level === 'info') return
  console[level](`stile guard: ${message}`, fields ?? '')
}
