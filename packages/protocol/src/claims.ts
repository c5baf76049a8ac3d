import type { Band } from './decision.ts'
import type { LicenseState } from './license.ts'
import type { Requirement } from './requirement.ts'

/** The license as a token carries it. */
export type LicenseClaim = Readonly<{
  id: string
  epoch: number
  tier: string
  features: readonly string[]
  state: LicenseState
  raised_at?: number
  changes_at?: number
  requires?: Requirement
}>

/** One proof as a token carries it; its times are in seconds since the epoch. */
export type ProofClaim = Readonly<{ method: string; acr: string; amr: readonly string[]; auth_time: number; settles_at?: number }>

/** The operation that a token is bound to, as an authorization detail (RFC 9396). */
export type OperationDetail = Readonly<{ type: 'stile_operation'; feature: string; digest: string; salt: string }>

/** The claims of an assurance token: `typ: at+jwt` (RFC 9068), ES256, at most five minutes. All times in seconds. */
export type AssuranceClaims = Readonly<{
  iss: string
  aud: string
  /** `<issuer id>|<sub>` */
  sub: string
  exp: number
  iat: number
  nbf: number
  jti: string
  client_id: string
  sid: string
  account: string
  /** The acting party behind an impersonated session (RFC 8693 §4.1). */
  act?: Readonly<{ sub: string }>
  /** The newest single proof that meets what was asked. */
  acr: string
  amr: readonly string[]
  auth_time: number
  proofs: readonly ProofClaim[]
  /** The key that must be proven with DPoP (RFC 9449 §6.1). Guards refuse a token without it. */
  cnf?: Readonly<{ jkt: string }>
  lic: LicenseClaim | null
  pol: Readonly<{ revision: number; digest: string }>
  risk: Band
  authorization_details?: readonly OperationDetail[]
}>

/** The `typ` header of an assurance token (RFC 9068 §2.1). */
export const ASSURANCE_TYP = 'at+jwt'

/** The longest life of an assurance token, in seconds. */
export const ASSURANCE_MAX_SECONDS = 300
