import { hash, randomBytes } from 'node:crypto'
import { DEFAULT_BUDGETS } from '../options/memory.ts'
import { createShares } from './shares.ts'
import { createUsedIds, type UsedIds, WORST_ID_BYTES } from './used-ids.ts'

/** What came of remembering an id: `full` says that nothing can be remembered, so the request must be refused. */
export type ReplayVerdict = 'fresh' | 'replayed' | 'full'

/** A device proof that was verified. */
export type UsedProof = Readonly<{
  /** Whose token it came with, `<issuer id>|<sub>`. */
  subject: string
  /** The thumbprint of the device's key. */
  jkt: string
  jti: string
  /** When it was made, in seconds since the epoch, by what its freshness was judged by: its nonce or its `iat`. */
  madeAt: number
}>

/** Remembers which proofs were used, for as long as they could be accepted again. */
export type ReplayMemory = Readonly<{
  /** Remembers the proof of a request that is about to pass. Exactly one caller gets `fresh`; only `fresh` takes memory. */
  use(proof: UsedProof): ReplayVerdict
  usage(): Readonly<{ bytes: number; entries: number; refusals: number }>
}>

/** What the memory is made of. */
export type ReplayOptions = Readonly<{
  now: () => number
  /** How old a proof may be, in seconds. */
  windowSeconds: number
  /** How many proofs are remembered at once; `proofsIn` tells how many fit into a number of bytes. Default 64 MiB. */
  max?: number
}>

/** What is needed beside the ids: the counters of the shares, and the smallest tables of all seconds. */
const FIXED_BYTES = 704 * 1_024

/** How many proofs fit into so much memory, however they are spread over time. */
export function proofsIn(bytes: number): number {
  return Math.max(1, Math.floor((bytes - FIXED_BYTES) / WORST_ID_BYTES))
}

/**
 * Makes a memory of used proofs in this process (RFC 9449 §11.1).
 *
 * An id is kept as 63 bits of a SHA-256 with a secret of this process, among those of its second. If two are the same by chance, the later
 * proof is refused and its client makes another one: with 10,000 proofs a second, once in about 10^15 proofs. It is never the other
 * way round, and nobody can aim at the ids of others without the secret.
 *
 * Seconds are forgotten as a whole, and only once nothing in them could be accepted again: when full it refuses, it never forgets. One
 * subject may hold no more than what is free, so that a flood of one takes half and leaves the other half to everybody else.
 */
export function createReplayMemory({ now, windowSeconds, max = proofsIn(DEFAULT_BUDGETS.replay) }: ReplayOptions): ReplayMemory {
  const secret = randomBytes(16).toString('base64url')
  const seconds = new Map<number, UsedIds>()
  const shares = createShares()
  let total = 0
  let refusals = 0
  let forgotten = Number.NEGATIVE_INFINITY
  let forgotAt = Number.NaN

  const forget = (time: number): void => {
    if (time === forgotAt) return
    forgotAt = time
    for (const [second, used] of seconds) {
      // the youngest proof in it is older than the window
      if (second + 1 + windowSeconds >= time) continue
      total -= used.size()
      for (const share of used.owners()) shares.give(share)
      seconds.delete(second)
      forgotten = Math.max(forgotten, second)
    }
  }
  const full = (): ReplayVerdict => {
    refusals += 1
    return 'full'
  }

  return {
    use({ subject, jkt, jti, madeAt }) {
      forget(now())
      const second = Math.floor(madeAt)
      // only a clock that was set back gets here: nobody knows any more what was used then
      if (second <= forgotten) return full()
      const id = hash('sha256', `${secret} ${jkt.length} ${jkt}${jti}`, 'buffer')
      const used = seconds.get(second) ?? createUsedIds()
      if (used.has(id)) return 'replayed'
      const share = hash('sha256', `${secret}|${subject}`, 'buffer').readUInt32LE()
      // a device chooses the `iat` of its proofs, so shares are counted over all seconds
      if (!(shares.of(share) < max - total)) return full()
      used.add(id, share)
      seconds.set(second, used)
      shares.take(share)
      total += 1
      return 'fresh'
    },
    usage() {
      forget(now())
      let bytes = shares.bytes
      for (const used of seconds.values()) bytes += used.bytes()
      return { bytes, entries: total, refusals }
    },
  }
}
