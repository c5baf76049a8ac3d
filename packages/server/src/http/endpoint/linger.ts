import type { IncomingMessage } from 'node:http'

/** How much of a body that is refused is read on and thrown away, in bytes. */
const MOST_BYTES = 8 * 1_048_576
/** How long its sender has to look for the answer, in milliseconds. */
const MOST_MS = 2_000

/**
 * Waits until the sender of a body that was refused is done, within bounds; to be called once the answer is on its way and before its end.
 *
 * A connection that is closed while there is something to read is reset, and the answer is then lost to whoever sends all of a body before
 * reading (RFC 9112 §9.6).
 */
export async function linger(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return
  await new Promise<void>((resolve) => {
    let bytes = 0
    const onData = (part: Buffer): void => {
      bytes += part.length
      // more is not read; who waits for room to send more has time to see the answer
      if (bytes > MOST_BYTES) request.pause()
    }
    const done = (): void => {
      clearTimeout(timer)
      request.off('data', onData).off('close', done).off('end', done).off('error', done)
      resolve()
    }
    const timer = setTimeout(done, MOST_MS)
    request.on('data', onData).on('close', done).on('end', done).on('error', done)
    request.resume()
  })
}
