import type { Arrived } from '../wire.test-support.ts'

/** A service whose streams the test writes to. */
export function streams() {
  const all: { url: string; lastEventId: string | null; send: (event: string, data: unknown) => void; end: () => void }[] = []
  return {
    all,
    answer: ({ request, headers, signal }: Arrived) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          signal?.addEventListener('abort', () => controller.error(signal.reason))
          all.push({
            url: request.url,
            lastEventId: headers.get('last-event-id'),
            send: (event, data) => controller.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)),
            end: () => controller.close(),
          })
        },
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    },
  }
}
