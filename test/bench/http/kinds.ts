/**
 * The routes that are measured: what stands before the same handler. `bare-verify` gets the requests of `guard-fresh` and verifies the signature of
 * the proof, and nothing else: less than that no check of a proof can cost.
 */
export const KINDS = ['bare', 'bare-verify', 'guard-session', 'guard-fresh', 'fast-jwt', 'jose', 'jose-dpop', 'auth0-dpop'] as const
export type Kind = (typeof KINDS)[number]

/** What a server is told before it starts. */
export type Setup = Readonly<{
  kind: Kind
  /** The verification service: issuer and keys of the tokens. */
  service: string
  audience: string
  jwk: Readonly<Record<string, unknown>>
  /** The device keys of people, by their name. */
  devices: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}>

/** What a server tells of itself, since it started. */
export type Usage = Readonly<{ cpuMicros: number; rssMiB: number }>

export const PATH = '/export'
