/** One message of a stream. */
export type ServerEvent = Readonly<{ event: string; data: string }>

/**
 * Reads server-sent events from a body until it ends (HTML Standard §9.2.6).
 *
 * @param onEvent  called for each message that carries data
 * @param onChunk  called whenever anything arrives, a heartbeat too
 */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (event: ServerEvent) => void,
  onChunk: () => void = () => {},
): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let event = ''
  let data: string[] = []
  const readLine = (line: string) => {
    if (!line) {
      if (data[0] !== undefined) onEvent({ event: event || 'message', data: data.join('\n') })
      event = ''
      data = []
    }
    const [, field, value = ''] = /^(event|data)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') event = value
    if (field === 'data') data.push(value)
  }
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    onChunk()
    // a CR at the end may be half of a CRLF: it waits for the next chunk
    const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?=.)/s)
    rest = lines.pop() ?? ''
    lines.forEach(readLine)
  }
}
