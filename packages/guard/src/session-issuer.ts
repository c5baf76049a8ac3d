import type { KeyObject } from 'node:crypto'
import type { JSONWebKeySet, JWK } from 'jose'

/** What a session issuer is made of. */
export type SessionIssuerOptions = Readonly<{
  /** The `iss` of the tokens, as `issuers[].issuer` of the service says. */
  issuer: string
  /** The `aud` of the tokens, as `issuers[].audience` of the service says. */
  audience: string
  /** A private P-256 key of its own, never one that signs anything else: see `generateSessionKey`. */
  privateKey: JWK | KeyObject
  /** Default: the key's own `kid`, else its RFC 7638 thumbprint. */
  kid?: string
  /** How long a token lives, in seconds. Default and most: 300. */
  ttlSeconds?: number
  /** Whole seconds since the epoch. Default: the machine's clock. */
  now?: () => number
}>

/** Who is signed in, as the application's own session says. */
export type SessionClaims = Readonly<{
  sub: string
  /** Who holds the license. */
  account?: string
  sid: string
  /** When the subject last gave a password or the like, in seconds since the epoch; never when the token was made. */
  authTime: number
  acr?: string
  amr?: readonly string[]
  name?: string
  email?: string
}>

/** Mints the session tokens of an application that signs its users in with cookies. */
export type SessionIssuer = Readonly<{
  /** A session token: `typ: JWT`, ES256. Give it only to the very user whose session was verified. */
  mint(session: SessionClaims): Promise<string>
  /** What the service verifies the tokens with: serve it, or put it in its configuration. */
  jwks: JSONWebKeySet
}>

export declare function createSessionIssuer(options: SessionIssuerOptions): SessionIssuer

/** Makes a key pair for `createSessionIssuer`: keep the private JWK as a secret. */
export declare function generateSessionKey(): Promise<JWK>
