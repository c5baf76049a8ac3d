/** The service's clock as this browser can tell it, in seconds since the epoch. */
export type Clock = Readonly<{
  now: () => number
  /** Sets the clock by what the service said a moment ago. */
  set: (serverNow: number) => void
  /** Bounds the clock by a token that was given a moment ago: it is no earlier than `iat` and no later than `exp`. */
  bound: (iat: number | undefined, exp: number | undefined) => void
}>

/** Creates the clock over this browser's own, which may be wrong by hours. */
export function createClock(local: () => number): Clock {
  let offset = 0
  const now = () => local() + offset
  const set = (serverNow: number) => {
    offset = serverNow - local()
  }
  return {
    now,
    set,
    bound: (iat = 0, exp = Number.POSITIVE_INFINITY) => {
      if (now() < iat) set(iat)
      else if (now() >= exp) set(exp - 1)
    },
  }
}
