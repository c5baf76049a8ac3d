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
  /** Seconds since the epoch; 0 if the primary login has no time that can be trusted. */
  authTime: number
}>

/** An enrolled thing of a subject that a method uses. */
export type Authenticator = Readonly<{
  id: string
  method: Method
  level: Level
  name: string
  /** Seconds since the epoch. */
  createdAt: number
  /** Seconds since the epoch; absent if it was never used. */
  lastUsedAt?: number
  /** What was proven to add it: a method, the primary login, or an administrator's word. */
  boundBy: Readonly<{ method: Method | 'login' | 'admin'; level: Level }>
  /** Too many wrong codes in a row: it counts for nothing until it is removed and enrolled again. */
  disabled?: true
  /** Until then it counts as no more than `mfa` for features with `bind` or `compliance`. Seconds since the epoch. */
  settlesAt?: number
  /** What its maker vouches for; `security-key` only. Anything but `trusted` says why it counts as `phr` and not as `phrh`. */
  attestation?: AttestationStatus
}>

/**
 * Why a security key counts for what it does. `none`: it came without a word of its maker. `untrusted`: that word leads to no maker who is
 * trusted here. `not_allowed`: its model is not on the list. `revoked`: its model was found unsafe. `synced`: it can be copied to other
 * devices.
 */
export type AttestationStatus = 'trusted' | 'none' | 'untrusted' | 'not_allowed' | 'revoked' | 'synced'

/** A device key of a subject: `GET /v1/devices`. */
export type Device = Readonly<{
  /** The RFC 7638 thumbprint of the key. */
  id: string
  /** What it calls itself, such as `Firefox on Windows`: a label for people that decides nothing. Absent if nothing can be told of it. */
  name?: string
  /** Seconds since the epoch. */
  firstSeenAt: number
  /** Seconds since the epoch; up to an hour late. */
  lastSeenAt: number
  /** Whether it has proven to belong to the subject, so that it raises no risk. */
  known: boolean
  /** Whether it is the one that asks. */
  current: boolean
}>

/** What a subject can fall back on: `GET /v1/recovery`. */
export type Recovery = Readonly<{
  /** Codes that were not used yet; 0 if none were ever made. */
  codesLeft: number
  /** Who can help, as a part of a sentence, such as `your administrator`. */
  help?: string
  /** Seconds since the epoch; absent if none were ever made. */
  codesMadeAt?: number
  /** Where notices and codes by mail go, all but its first letter and its domain hidden. */
  email?: Readonly<{
    hint: string
    /** A change was noticed: no codes are sent before. Seconds since the epoch. */
    suspendedUntil?: number
  }>
}>

/** What a recovery code or link is good for: adding one authenticator in this session on this device, until it expires. */
export type RecoveryTicket = Readonly<{
  /** Seconds since the epoch. */
  expiresAt: number
  /** The methods that can be enrolled with it, the best first. */
  methods: readonly Method[]
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
  /** The tier in force and every tier that it includes, as the policy's `extends` says; empty if the license grants nothing. */
  tiers: readonly string[]
  decisions: Readonly<Record<F, Decision<F>>>
  risk: Readonly<{ band: Band; reasons: readonly Reason[] }>
  authenticators: readonly Authenticator[]
  /** For what is proven already; absent in the messages of `GET /v1/events?token=0`. */
  token?: IssuedToken
}>
