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

/**
 * How many event streams one subject may hold open on the keys that are theirs, and how many on all others together. Whoever acts for a subject has as
 * many of their own.
 */
export const MAX_STREAMS_PER_BUDGET = 10

/** Counts what is open per key; `enter` answers how to leave, or `undefined` if `most` are open already. */
export function createOpenStreams(most: number): Readonly<{ enter(key: string): (() => void) | undefined }> {
  const open = new Map<string, number>()
  return {
    enter(key) {
      const count = open.get(key) ?? 0
      if (count >= most) return undefined
      open.set(key, count + 1)
      let left = false
      return () => {
        if (left) return
        left = true
        const now = (open.get(key) ?? 1) - 1
        if (now <= 0) open.delete(key)
        else open.set(key, now)
      }
    },
  }
}
