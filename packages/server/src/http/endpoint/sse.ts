import type { ServerResponse } from 'node:http'

/** The response of a host: a middleware that compresses it adds a way to push out what it holds. */
type HostResponse = ServerResponse & Readonly<{ flush?: () => void }>

/** How many bytes may wait for a slow client before it is dropped. */
export const MAX_BUFFERED_BYTES = 1_048_576

/** One message of an event stream. */
export type ServerEvent = Readonly<{ id?: string; event: string; data: unknown }>

/** One open event stream (WHATWG HTML §9.2). */
export type EventStream = Readonly<{
  send(message: ServerEvent): void
  /** A comment that keeps proxies from closing the stream. */
  beat(): void
  /** Ends the stream in order. */
  end(): void
  /** Calls back once, when the stream is over for whatever reason. */
  onClose(listener: () => void): void
  closed(): boolean
}>

/** Opens an event stream as the answer. A client that does not read, so that more than {@link MAX_BUFFERED_BYTES} wait, is dropped. */
export function openEventStream(response: HostResponse, maxBufferedBytes: number = MAX_BUFFERED_BYTES): EventStream {
  let closed = false
  const listeners: (() => void)[] = []
  const close = (): void => {
    if (closed) return
    closed = true
    for (const listener of listeners.splice(0)) listener()
  }
  response.on('close', close)
  // a write after the client has gone raises here; the close event says all there is to say
  response.on('error', close)
  response.statusCode = 200
  response.setHeader('Content-Type', 'text/event-stream; charset=utf-8')
  // a middleware or proxy that compresses would hold messages back until its window is full (RFC 9111 §5.2.2.6)
  response.setHeader('Cache-Control', 'no-store, no-transform')
  // nginx would hold messages back until its buffer is full
  response.setHeader('X-Accel-Buffering', 'no')
  response.flushHeaders()
  response.socket?.setNoDelay(true)
  const write = (text: string): void => {
    if (closed || response.writableEnded) return
    response.write(text)
    response.flush?.()
    if (response.writableLength > maxBufferedBytes) {
      response.destroy()
      close()
    }
  }
  return {
    send: ({ id, event, data }) => write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    beat: () => write(': \n\n'),
    end: () => {
      if (!response.writableEnded) response.end()
      close()
    },
    onClose: (listener) => {
      if (closed) listener()
      else listeners.push(listener)
    },
    closed: () => closed,
  }
}
