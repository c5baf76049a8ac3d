import type { GuardOptions } from './options.ts'
import type { GuardRequest, Identity } from './request.ts'
import type { GuardResult } from './result.ts'

/** Enforcement in an API, with no framework. */
export type Guard<F extends string = string, R = unknown> = Readonly<{
  /** Decides one request for one feature. Never throws and never rejects: what goes wrong is a refusal. */
  authorize(request: GuardRequest, feature: F, identity: Identity | null | undefined): Promise<GuardResult<F>>
  /** The application's own verified caller, as the options say; rejects with what `identify` throws. */
  identify(request: R): Promise<Identity | null>
  /** Resolves when keys are there and the feed is connected; rejects when the service cannot be reached in time. */
  ready(): Promise<void>
  /** Closes the feed; afterwards everything is refused. */
  close(): Promise<void>
}>

export declare function createGuard<const F extends string, R = unknown>(options: GuardOptions<F, R>): Guard<F, R>
