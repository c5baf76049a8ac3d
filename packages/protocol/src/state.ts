import type { Band, Decision, Reason } from './decision.ts'
import type { Level } from './level.ts'
import type { License } from './license.ts'
import type { Method } from './method.ts'

/** An assurance token and what it says. */
export type IssuedToken = Readonly<{
  token: string
  /** Seconds since the epoch. */
  expiresAt: number
  acr: string
  amr: readonly string[]
  /** Seconds since the epoch; 0 where the primary login has no time that can be trusted. */
  authTime: number
}>

/** An enrolled thing of a subject that a method uses. */
export type Authenticator = Readonly<{
  id: string
  method: Method
  level: Level
  name: string
  createdAt: number
  lastUsedAt?: number
}>

/**
 * What a subject may do on this device now: `GET /v1/state`, and every message of `GET /v1/events`.
 *
 * A greater `revision` replaces the former; `now` gives the offset of the browser's clock.
 */
export type State<F extends string = string> = Readonly<{
  revision: number
  now: number
  subject: string
  actor?: string
  account: string
  license: License | null
  /** The tier in force and every tier that it includes, as the policy's `extends` says; empty where the license grants nothing. */
  tiers: readonly string[]
  decisions: Readonly<Record<F, Decision<F>>>
  risk: Readonly<{ band: Band; reasons: readonly Reason[] }>
  authenticators: readonly Authenticator[]
  token: IssuedToken
}>
