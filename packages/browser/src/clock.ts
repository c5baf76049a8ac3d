/** The service's clock as this browser can tell it, in seconds since the epoch. */
export type Clock = Readonly<{
  now: () => number
  /** Sets the clock by what the service said a moment ago. */
  set: (serverNow: number) => void
}>

/** Creates the clock over this browser's own, which may be wrong by hours. */
export function createClock(local: () => number): Clock {
  let offset = 0
  return {
    now: () => local() + offset,
    set: (serverNow) => {
      offset = serverNow - local()
    },
  }
}
