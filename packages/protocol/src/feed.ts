import type { License } from './license.ts'

/**
 * One message of `GET /v1/feed`, the stream that keeps guards current.
 *
 * A license event carries the effective license; `license: null` says that the account has none.
 */
export type FeedEvent = Readonly<{ cursor: number }> &
  (
    | Readonly<{ type: 'license'; account: string; license: License | null }>
    | Readonly<{ type: 'policy'; revision: number; digest: string }>
    | Readonly<{ type: 'revoked'; sid?: string; account?: string; subject?: string; before: number }>
    | Readonly<{ type: 'checkpoint'; jws: string }>
  )

/** What the signed checkpoint of the feed says (`typ: stile-checkpoint+jwt`); one every ten seconds. */
export type Checkpoint = Readonly<{
  iss: string
  /** Changes when the service's store was replaced: what a guard remembers no longer holds. */
  generation: string
  /** The newest cursor of the log at `iat`. */
  seq: number
  /** Seconds since the epoch. */
  iat: number
  policy: Readonly<{ revision: number; digest: string }>
}>
