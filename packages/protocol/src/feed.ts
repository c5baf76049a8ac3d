import { isCount, isObject, isText } from './lib/shape.ts'
import { type License, parseLicense } from './license.ts'

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
    /** The key set has changed. What a withdrawn key signed counts no more. */
    | Readonly<{ type: 'keys'; withdrawn: readonly string[] }>
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

/** Reads one message of the feed; `undefined` if it is of no known type or any of it is not understood. Never throws. */
export function parseFeedEvent(value: unknown): FeedEvent | undefined {
  if (!isObject(value) || !isCount(value.cursor)) return undefined
  const { cursor } = value
  switch (value.type) {
    case 'license': {
      const { account } = value
      const license = value.license === null ? null : parseLicense(value.license)
      return isText(account) && license !== undefined ? { cursor, type: 'license', account, license } : undefined
    }
    case 'policy': {
      const policy = parsePolicyMark(value)
      return policy && { cursor, type: 'policy', ...policy }
    }
    case 'revoked':
      return parseRevoked(cursor, value)
    case 'keys': {
      const { withdrawn } = value
      // one that is not understood could be the one that matters
      return Array.isArray(withdrawn) && withdrawn.every(isText) ? { cursor, type: 'keys', withdrawn } : undefined
    }
    case 'checkpoint':
      return isText(value.jws) ? { cursor, type: 'checkpoint', jws: value.jws } : undefined
    default:
      return undefined
  }
}

/** Reads the payload of a checkpoint whose signature has been verified; `undefined` if any of it is not understood. Never throws. */
export function parseCheckpoint(value: unknown): Checkpoint | undefined {
  if (!isObject(value)) return undefined
  const { iss, generation, seq, iat } = value
  const policy = parsePolicyMark(value.policy)
  if (!isText(iss) || !isText(generation) || !isCount(seq) || !isCount(iat) || !policy) return undefined
  return { iss, generation, seq, iat, policy }
}

function parseRevoked(cursor: number, value: Readonly<Record<string, unknown>>): FeedEvent | undefined {
  const { sid, account, subject, before } = value
  // A revocation whose reach is not understood must not shrink to what is.
  for (const each of [sid, account, subject]) if (each !== undefined && !isText(each)) return undefined
  if (!isCount(before) || !(sid ?? account ?? subject)) return undefined
  return {
    cursor,
    type: 'revoked',
    ...(isText(sid) && { sid }),
    ...(isText(account) && { account }),
    ...(isText(subject) && { subject }),
    before,
  }
}

function parsePolicyMark(value: unknown): Readonly<{ revision: number; digest: string }> | undefined {
  if (!isObject(value)) return undefined
  const { revision, digest } = value
  return isCount(revision) && isText(digest) ? { revision, digest } : undefined
}
