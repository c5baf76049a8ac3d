import type { Policy } from '@stile/policy'
import type { Identity } from './request.ts'

/** One line for the operator; `fields` never hold a token, a key or a person's name. */
export type GuardLog = (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void

/** Where the verification service is. */
export type GuardService = Readonly<{
  /** The `publicUrl` of the service, path included: it is also the issuer of its tokens. */
  url: string
  /** The API key of scope `guard`. */
  key: string
  /** How requests are sent. Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch
}>

/**
 * What a guard is made of. `F` are the features of its policy, `R` is the request of the framework.
 */
export type GuardOptions<F extends string = string, R = unknown> = Readonly<{
  service: GuardService
  /** The `aud` of the tokens that are meant for this API, as the service is configured. */
  audience: string
  /** What decides: the value of `definePolicy`, the same that the service publishes. */
  policy: Policy<F>
  /** The application's own verified caller, or `null` where nobody is signed in. What it throws is a refusal. */
  identify: (request: R) => Identity | null | undefined | Promise<Identity | null | undefined>
  /**
   * The public origin that browsers send this API's requests to, such as `https://api.example.com`; device proofs are checked against
   * it and never against `Host`. A path says what a reverse proxy strips.
   */
  origin: string
  /** How long licenses that are known stay good after the service was last heard. Default `24h`, at most `7d`. */
  outage?: string
  /** Lets features that the policy marks `observe` or `off` run unenforced. Default `false`: the policy alone opens nothing. */
  observe?: boolean
  /** How long the feed may be silent, in seconds, before stronger features answer 503. Default 30, at least 15. */
  staleSeconds?: number
  /** Whole seconds since the epoch. Default: the machine's clock. */
  now?: () => number
  /** Default: warnings and errors on `console`. */
  log?: GuardLog
}>
