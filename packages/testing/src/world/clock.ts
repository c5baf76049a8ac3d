/** A clock that a test moves by hand. */
export type Clock = Readonly<{
  /** Whole seconds since the epoch. */
  now: () => number
  advance: (seconds: number) => void
}>

/** Creates a clock that stands still until it is moved. Default: the present second. */
export function createClock(startSeconds: number = Math.floor(Date.now() / 1000)): Clock {
  let seconds = startSeconds
  return {
    now: () => seconds,
    advance: (by) => {
      seconds += by
    },
  }
}
