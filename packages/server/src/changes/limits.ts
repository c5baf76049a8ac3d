/**
 * How many event streams one subject may hold open on the keys that are theirs, and how many on all others together. Those who act for a
 * subject have as many of their own.
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
