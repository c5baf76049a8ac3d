import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { DPOP_NONCE } from '../device-proof/nonces.ts'
import { createCore } from '../guard.ts'
import { checkFeature, type GuardOptions } from '../options/options.ts'
import type { Identity } from '../requests/identity.ts'
import type { GuardRequest } from '../requests/request.ts'
import { internal } from '../results/refusal.ts'
import type { GuardPass, GuardRefusal, GuardResult } from '../results/result.ts'
import type { GuardStats } from '../results/stats.ts'
import { exposeHeaders } from './expose-headers.ts'
import { toGuardRequest } from './request.ts'

/** What `require` leaves on a request that may go on. */
export type Stile<F extends string = string> = Pick<GuardPass<F>, 'decision' | 'claims'>

/** A request that passed `require`. */
export type StileRequest<F extends string = string> = Request & { stile: Stile<F> }

/** Enforcement in an Express application. */
export type ExpressGuard<F extends string = string> = Readonly<{
  /**
   * Middleware that passes a request only if the policy permits the feature, and leaves the decision on `req.stile`. The answer has
   * `Cache-Control: no-store` unless the application sets its own.
   *
   * @throws GuardError `unknown_feature`, when the route is made, for a feature that the policy does not have
   */
  require(feature: F): RequestHandler
  /**
   * Whether `require(feature)` would let this request on; never rejects. With `nonces` it is `false` for a first call that has none yet: ask
   * behind a `require`, which makes the client repeat it.
   */
  can(request: Request, feature: F): Promise<boolean>
  /** Resolves when keys are there and the feed is connected; rejects with `service_unavailable` after ten seconds. */
  ready(): Promise<void>
  /** How full its memories are, for the metrics of the application. */
  stats(): GuardStats
  /** Closes the feed; afterwards everything is refused. */
  close(): Promise<void>
}>

/** Decisions on requests that take no more properties. */
const sealed = new WeakMap<Request, Stile>()

type Exchange = Readonly<{ request: Request; response: Response; next: NextFunction }>

/**
 * Makes a guard for an Express application, 4 or 5, and opens the feed of the service.
 *
 * @throws GuardError `invalid_option`, which names the option and the fix
 */
export function createGuard<const F extends string>(options: GuardOptions<F, Request>): ExpressGuard<F> {
  const core = createCore<F, Request>(options)
  const { log } = options

  const failed = (line: string, cause: unknown, feature: F): GuardResult<F> => {
    if (log !== undefined) log('error', line, { feature, cause: String(cause) })
    else console.error(`stile guard: ${line}`, { feature, cause: String(cause) })
    return internal(feature)
  }

  // a caller who cannot be identified does not pass, whatever the reason
  const unidentified = (cause: unknown, feature: F): GuardResult<F> =>
    failed('identify failed, so the request was refused.', cause, feature)

  const decide = (request: Request, feature: F, caller: Identity | null | undefined): GuardResult<F> | Promise<GuardResult<F>> => {
    let read: GuardRequest
    try {
      read = toGuardRequest(request)
    } catch (cause) {
      return failed('A request could not be checked, so it was refused.', cause, feature)
    }
    return core.decide(read, feature, caller)
  }

  /** A promise, which never rejects, only if `identify` returns one or something must be fetched first. */
  const authorize = (request: Request, feature: F): GuardResult<F> | Promise<GuardResult<F>> => {
    let identity: ReturnType<typeof core.identify>
    try {
      identity = core.identify(request)
    } catch (cause) {
      return unidentified(cause, feature)
    }
    if (!isThenable(identity)) return decide(request, feature, identity)
    return Promise.resolve(identity).then(
      (caller) => decide(request, feature, caller),
      (cause) => unidentified(cause, feature),
    )
  }

  const apply = (result: GuardResult<F>, { request, response, next }: Exchange): void => {
    if (!result.ok) {
      send(response, result)
      return
    }
    const { decision, claims, headers } = result
    const stile: Stile<F> = claims === undefined ? { decision } : { decision, claims }
    if (Object.isExtensible(request)) (request as StileRequest<F>).stile = stile
    else sealed.set(request, stile)
    // what is behind a step-up stays in no cache, unless the handler says otherwise
    if (!response.headersSent) {
      if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store')
      if (headers !== undefined) addHeaders(response, headers)
    }
    next()
  }

  return {
    require(feature) {
      checkFeature(options.policy, feature)
      return function stileRequire(request, response, next) {
        const result = authorize(request, feature)
        const exchange = { request, response, next }
        if (result instanceof Promise) result.then((settled) => apply(settled, exchange), next)
        else apply(result, exchange)
      }
    },
    async can(request, feature) {
      const { ok, headers } = await authorize(request, feature)
      // the application answers by itself, and the client must learn its next nonce all the same
      const nonce = headers?.[DPOP_NONCE]
      const { res: response } = request
      if (nonce !== undefined && response && !response.headersSent) addHeaders(response, { [DPOP_NONCE]: nonce })
      return ok
    },
    ready: core.ready,
    stats: core.stats,
    close: core.close,
  }
}

/**
 * What `require` left on a request, or `undefined` if no `require` ran before. It is told also for a request that takes no more properties,
 * which has no `stile`.
 */
export function stileOf(request: Request): Stile | undefined {
  return sealed.get(request) ?? (request as Partial<StileRequest>).stile
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Partial<Promise<T>> | null | undefined)?.then === 'function'
}

function send(response: Response, { status, headers, problem }: GuardRefusal): void {
  // somebody answered while it was decided, such as a timeout
  if (response.headersSent) return
  response.statusCode = status
  addHeaders(response, headers)
  response.end(JSON.stringify(problem))
}

function addHeaders(response: Response, headers: Readonly<Record<string, string>>): void {
  exposeHeaders(response)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}
