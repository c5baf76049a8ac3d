import type { Request, RequestHandler } from 'express'
import type { GuardOptions } from '../options.ts'
import type { GuardPass } from '../result.ts'

/** What `require` leaves on a request that may go on. */
export type Stile<F extends string = string> = Pick<GuardPass<F>, 'decision' | 'claims'>

/** A request that passed `require`. */
export type StileRequest<F extends string = string> = Request & { stile: Stile<F> }

/** Enforcement in an Express application. */
export type ExpressGuard<F extends string = string> = Readonly<{
  /** Middleware that lets a request on only where the policy permits the feature. Throws at once for a feature that the policy does not define. */
  require(feature: F): RequestHandler
  /** Whether `require(feature)` would let this request on; never rejects. */
  can(request: Request, feature: F): Promise<boolean>
  /** Resolves when keys are there and the feed is connected; rejects when the service cannot be reached in time. */
  ready(): Promise<void>
  /** Closes the feed; afterwards everything is refused. */
  close(): Promise<void>
}>

export declare function createGuard<const F extends string>(options: GuardOptions<F, Request>): ExpressGuard<F>

/** What `require` left on a request, or `undefined` where no `require` stood before. */
export declare function stileOf(request: Request): Stile | undefined
