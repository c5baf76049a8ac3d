import type { ServerResponse } from 'node:http'

/** The response of a host: a middleware that compresses it adds a way to push out what it holds. */
type HostResponse = ServerResponse & Readonly<{ flush?: () => void }>

/** How many bytes may wait for a slow client before it is dropped. */
export const MAX_BUFFERED_BYTES = 1_048_576

/** How many heartbeats a client may miss because it does not take what it was sent; then it is dropped. */
export const MOST_MISSED_BEATS = 3

/** How long a stream that is over waits for a client to take the rest, in milliseconds. */
const LINGER_MILLISECONDS = 30_000

/** One message of an event stream. */
export type ServerEvent = Readonly<{ id?: string; event: string; data: unknown }>

/** One open event stream (WHATWG HTML §9.2). */
export type EventStream = Readonly<{
  send(message: ServerEvent): void
  /** A comment that keeps proxies from closing the stream. A client that takes nothing is not sent more; it is dropped after {@link MOST_MISSED_BEATS}. */
  beat(): void
  /** Whether something of what was sent still waits for the client to take it. */
  isWaiting(): boolean
  /** Ends the stream in order. */
  end(): void
  /** Calls back once, when the stream is over for whatever reason. */
  onClose(listener: () => void): void
  closed(): boolean
}>

/**
 * Opens an event stream as the answer. A client that does not read, so that more than {@link MAX_BUFFERED_BYTES} wait, is dropped; for one that has
 * gone already, the stream is over from the start.
 */
export function openEventStream(response: HostResponse, maxBufferedBytes: number = MAX_BUFFERED_BYTES): EventStream {
  let closed = false
  let missedBeats = 0
  const listeners: (() => void)[] = []
  const close = (): void => {
    if (closed) return
    closed = true
    for (const listener of listeners.splice(0)) listener()
  }
  response.on('close', close)
  // a write after the client has gone raises here; the close event says all there is to say
  response.on('error', close)
  // a client that left while its stream was made ready has been closed already, and nothing says so again
  if (response.destroyed || response.closed) close()
  response.statusCode = 200
  response.setHeader('Content-Type', 'text/event-stream; charset=utf-8')
  // a middleware or proxy that compresses would hold messages back until its window is full (RFC 9111 §5.2.2.6)
  response.setHeader('Cache-Control', 'no-store, no-transform')
  // nginx would hold messages back until its buffer is full
  response.setHeader('X-Accel-Buffering', 'no')
  response.flushHeaders()
  response.socket?.setNoDelay(true)
  const drop = (): void => {
    response.destroy()
    close()
  }
  const isWaiting = (): boolean => response.writableLength > 0
  const write = (text: string): void => {
    if (closed || response.writableEnded) return
    response.write(text)
    response.flush?.()
    if (response.writableLength > maxBufferedBytes) drop()
  }
  return {
    send: ({ id, event, data }) => write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    beat: () => {
      missedBeats = isWaiting() ? missedBeats + 1 : 0
      if (missedBeats >= MOST_MISSED_BEATS) drop()
      // the first one that waits may have been sent in this very turn
      else if (missedBeats <= 1) write(': \n\n')
    },
    isWaiting,
    end: () => {
      if (!response.writableEnded) response.end()
      if (isWaiting()) setTimeout(() => response.destroy(), LINGER_MILLISECONDS).unref()
      close()
    },
    onClose: (listener) => {
      if (closed) listener()
      else listeners.push(listener)
    },
    closed: () => closed,
  }
}
