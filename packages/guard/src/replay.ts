/** What came of remembering an id: `full` says that nothing can be remembered, so the request must be refused. */
export type ReplayVerdict = 'fresh' | 'replayed' | 'full'

/** Remembers which proofs were used, for as long as they could be accepted again. */
export type ReplayMemory = Readonly<{
  /** Remembers the `jti` of a device's proof that was made at `iat`. Exactly one caller gets `fresh`. */
  use(jkt: string, jti: string, iat: number): ReplayVerdict
}>

/** What the memory is made of. */
export type ReplayOptions = Readonly<{
  now: () => number
  /** How old a proof may be, in seconds. */
  windowSeconds: number
  /** How many proofs of all devices are remembered. Default 200000, about 40 MB. */
  max?: number
  /** How many proofs of one device are remembered per window, so that one device cannot fill it for all. Default 6000. */
  maxPerDevice?: number
}>

type Bucket = { devices: Map<string, Set<string>>; size: number }

/**
 * Makes a memory of used proofs in this process (RFC 9449 §11.1).
 *
 * Buckets of time are forgotten as a whole, and only once nothing in them could be accepted again: when full it refuses, it never forgets.
 */
export function createReplayMemory({ now, windowSeconds, max = 200_000, maxPerDevice = 6_000 }: ReplayOptions): ReplayMemory {
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
    use(jkt, jti, iat) {
      forget()
      const index = Math.floor(iat / windowSeconds)
      // only a clock that was set back gets here: nobody knows any more what was used then
      if (index <= forgotten) return 'full'
      let bucket = buckets.get(index)
      if (bucket === undefined) {
        bucket = { devices: new Map(), size: 0 }
        buckets.set(index, bucket)
      }
      const used = bucket.devices.get(jkt)
      if (used?.has(jti)) return 'replayed'
      if (total >= max || (used?.size ?? 0) >= maxPerDevice) return 'full'
      if (used === undefined) bucket.devices.set(jkt, new Set([jti]))
      else used.add(jti)
      bucket.size += 1
      total += 1
      return 'fresh'
    },
  }
}
