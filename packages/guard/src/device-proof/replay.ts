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
}>

/** What the memory is made of. */
export type ReplayOptions = Readonly<{
  now: () => number
  /** How old a proof may be, in seconds. */
  windowSeconds: number
  /** How many proofs of all devices are remembered. Default 200000, about 40 MB. */
  max?: number
  /** How many proofs of one device are remembered at once, so that one device cannot fill it for all. Default 6000. */
  maxPerDevice?: number
  /** The same for one subject, however many devices it has: keys are made for nothing. Default 6000. */
  maxPerSubject?: number
}>

type Bucket = { devices: Map<string, Set<string>>; subjects: Map<string, number>; size: number }

/**
 * Makes a memory of used proofs in this process (RFC 9449 §11.1).
 *
 * Buckets of time are forgotten as a whole, and only once nothing in them could be accepted again: when full it refuses, it never forgets.
 */
export function createReplayMemory(options: ReplayOptions): ReplayMemory {
  const { now, windowSeconds, max = 200_000, maxPerDevice = 6_000, maxPerSubject = 6_000 } = options
  const buckets = new Map<number, Bucket>()
  let total = 0
  let forgotten = Number.NEGATIVE_INFINITY

  const forget = (): void => {
    for (const [index, bucket] of buckets) {
      // the youngest proof in it is older than the window
      if ((index + 1) * windowSeconds + windowSeconds >= now()) continue
      total -= bucket.size
      buckets.delete(index)
      forgotten = Math.max(forgotten, index)
    }
  }

  return {
    use({ subject, jkt, jti, madeAt }) {
      forget()
      const index = Math.floor(madeAt / windowSeconds)
      // only a clock that was set back gets here: nobody knows any more what was used then
      if (index <= forgotten) return 'full'
      let bucket = buckets.get(index)
      if (bucket === undefined) {
        bucket = { devices: new Map(), subjects: new Map(), size: 0 }
        buckets.set(index, bucket)
      }
      const used = bucket.devices.get(jkt)
      if (used?.has(jti)) return 'replayed'
      // a device chooses the `iat` of its proofs, so its share is counted over all buckets
      let ofDevice = 0
      let ofSubject = 0
      for (const each of buckets.values()) {
        ofDevice += each.devices.get(jkt)?.size ?? 0
        ofSubject += each.subjects.get(subject) ?? 0
      }
      if (total >= max || ofDevice >= maxPerDevice || ofSubject >= maxPerSubject) return 'full'
      if (used === undefined) bucket.devices.set(jkt, new Set([jti]))
      else used.add(jti)
      bucket.subjects.set(subject, (bucket.subjects.get(subject) ?? 0) + 1)
      bucket.size += 1
      total += 1
      return 'fresh'
    },
  }
}
