/** Calls back when an instant has passed on a given clock. */
export type Boundary = Readonly<{
  /** Sets the instant, in seconds since the epoch, and forgets the former one. */
  set(instant: number | undefined): void
  /** Looks at the clock now, for clocks that jump. */
  check(): void
  clear(): void
}>

/** The longest wait of one timer, in seconds. */
const LONGEST_WAIT_SECONDS = 3600

/** How often the clock is looked at in the last second, in milliseconds: `now` has whole seconds, timers do not begin at their start. */
const FINE_MILLISECONDS = 100

/** Watches for one instant at a time; the listener is called at most once per `set`. */
export function createBoundary(now: () => number, listener: () => void): Boundary {
  let timer: NodeJS.Timeout | undefined
  let instant: number | undefined
  const clear = (): void => {
    clearTimeout(timer)
    instant = undefined
  }
  const check = (): void => {
    clearTimeout(timer)
    if (instant === undefined) return
    const left = instant - now()
    if (left <= 0) {
      instant = undefined
      listener()
      return
    }
    timer = setTimeout(check, left > 1 ? Math.min(left - 1, LONGEST_WAIT_SECONDS) * 1000 : FINE_MILLISECONDS)
    timer.unref()
  }
  return {
    set(next) {
      clear()
      instant = next
      check()
    },
    check,
    clear,
  }
}
