/** When the service was last heard, in seconds since the epoch. */
export type Contact = Readonly<{
  /** It answered a request, or sent a checkpoint that was verified. */
  heard(): void
  /** A checkpoint came: what the feed told is complete up to now. */
  fed(): void
  heardAt(): number
  fedAt(): number
}>

/** Makes the memory of when the service was last heard. */
export function createContact({ now }: Readonly<{ now: () => number }>): Contact {
  let heardAt = Number.NEGATIVE_INFINITY
  let fedAt = Number.NEGATIVE_INFINITY
  return {
    heard() {
      heardAt = now()
    },
    fed() {
      heardAt = fedAt = now()
    },
    heardAt: () => heardAt,
    fedAt: () => fedAt,
  }
}
