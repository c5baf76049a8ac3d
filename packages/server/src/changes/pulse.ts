/** A heartbeat for many: each listener is called once per period. */
export type Pulse = Readonly<{
  /** Answers how to stop. */
  add(listener: () => void): () => void
}>

/** In how many parts a period is cut, so that thousands are not called at the same instant. */
const PARTS = 16

/**
 * Calls everybody once per period with one timer, a part of them at a time. It keeps no process alive, and has no timer while nobody listens.
 *
 * @param seconds  the period
 */
export function createPulse(seconds: number): Pulse {
  const parts = Array.from({ length: PARTS }, () => new Set<() => void>())
  let timer: NodeJS.Timeout | undefined
  let at = 0
  let next = 0
  let size = 0
  const beat = (): void => {
    at = (at + 1) % PARTS
    for (const listener of [...(parts[at] ?? [])]) listener()
  }
  return {
    add(listener) {
      const own = () => listener()
      next = (next + 1) % PARTS
      const part = parts[next]
      part?.add(own)
      size += 1
      if (timer === undefined) {
        timer = setInterval(beat, (seconds * 1000) / PARTS)
        timer.unref()
      }
      return () => {
        if (part?.delete(own)) size -= 1
        if (size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}
