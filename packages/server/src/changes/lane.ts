/** Runs a task when there is room for it. */
export type Lane = <T>(task: () => Promise<T>) => Promise<T>

/** Runs tasks with at most `width` of them under way, in the order in which they came. */
export function createLane(width: number): Lane {
  let running = 0
  const waiting: (() => void)[] = []
  return async (task) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      // the place is handed on without being freed, so that a newcomer cannot overtake
      if (next === undefined) running -= 1
      else next()
    }
  }
}
