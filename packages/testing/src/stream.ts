import type { State } from '@stile/protocol'

/** The streams of `GET /v1/events` that are open. */
export type Streams = Readonly<{
  /** Opens one that ends with the request. The state comes at once unless `known` is its revision. */
  open: (signal: AbortSignal, known: string | null) => Response
  /** Sends the state to all. */
  send: () => void
  /** Breaks all of them, as a lost connection does. */
  cut: () => void
}>

/** Creates the streams of the service. */
export function createStreams(state: () => State): Streams {
  const open = new Set<Readonly<{ send: () => void; fail: (reason: unknown) => void }>>()
  return {
    open: (signal, known) => {
      const encoder = new TextEncoder()
      let leave = () => {}
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const send = () => {
            const now = state()
            controller.enqueue(encoder.encode(`id: ${now.revision}\nevent: state\ndata: ${JSON.stringify(now)}\n\n`))
          }
          const fail = (reason: unknown) => {
            if (open.delete(stream)) controller.error(reason)
          }
          const stream = { send, fail }
          open.add(stream)
          leave = () => open.delete(stream)
          signal.addEventListener('abort', () => fail(signal.reason))
          if (known !== `${state().revision}`) send()
        },
        cancel: () => leave(),
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    },
    send: () => {
      for (const { send } of open) send()
    },
    cut: () => {
      for (const { fail } of [...open]) fail(new TypeError('network error'))
    },
  }
}
