/** Runs a task when there is room for it. */
export type Lane = <T>(task: () => Promise<T>) => Promise<T>

/** How long tasks begin one after the other before everything else has its turn, in milliseconds. */
const SLICE_MILLISECONDS = 8

/**
 * Runs tasks with at most `width` of them under way, in the order in which they came.
 *
 * They begin in slices: a thousand tasks that wait for nothing would keep the event loop from everything that is not in the lane.
 *
 * @param sliceMilliseconds  how long a slice is; default 8
 */
export function createLane(width: number, sliceMilliseconds: number = SLICE_MILLISECONDS): Lane {
  const waiting: (() => void)[] = []
  let running = 0
  /** When the first task of this turn of the event loop began. */
  let turnBegan: number | undefined

  const nextTurn = (): void => {
    turnBegan = undefined
    begin()
  }
  const isSpent = (): boolean => {
    const now = performance.now()
    if (turnBegan !== undefined) return now - turnBegan >= sliceMilliseconds
    turnBegan = now
    setImmediate(nextTurn)
    return false
  }
  const begin = (): void => {
    while (running < width && waiting.length > 0 && !isSpent()) {
      running += 1
      waiting.shift()?.()
    }
  }
  return async (task) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      begin()
    })
    try {
      return await task()
    } finally {
      running -= 1
      begin()
    }
  }
}
