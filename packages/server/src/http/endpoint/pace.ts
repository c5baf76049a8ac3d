import type { ServerResponse } from 'node:http'

/** How long a client may take nothing of what it was sent, in milliseconds. */
const PATIENCE_MS = 30_000

/**
 * Resolves when a client can take more: at once, unless it is slower than it is sent to. One that takes nothing is dropped.
 *
 * What is read from the store without a pause comes faster than any connection takes it: the rest would wait in memory without a bound.
 *
 * @param patienceMs  how long it may take nothing, in milliseconds; default 30,000
 */
export async function clientTakesMore(response: ServerResponse, patienceMs: number = PATIENCE_MS): Promise<void> {
  if (!response.writableNeedDrain) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => response.destroy(), patienceMs)
    timer.unref()
    const done = (): void => {
      clearTimeout(timer)
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
