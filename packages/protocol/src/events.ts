// A global of every runtime that this package knows; its types belong to none of the libraries it is compiled with.
declare const TextDecoder: new (
  label: 'utf-8',
  options: Readonly<{ fatal: true }>,
) => { decode(bytes: Uint8Array, options: Readonly<{ stream: true }>): string }

/** A `ReadableStream` of bytes, such as the body of a response. */
export type ByteStream = Readonly<{
  getReader(): Readonly<{
    read(): Promise<Readonly<{ done: false; value: Uint8Array }> | Readonly<{ done: true }>>
    cancel(): Promise<unknown>
  }>
}>

/** One message of a stream of server-sent events. */
export type ServerEvent = Readonly<{
  /** `message` if the stream does not name it. */
  event: string
  data: string
  /** The last id that was seen, of this message or an earlier one; empty if there was none. */
  id: string
}>

/** How long the messages of a stream may be. */
export type LengthLimit = Readonly<{
  /** The most characters of one message, and of one line. */
  maxLength: number
  /** Makes the error if there are more. */
  tooLong: () => Error
}>

/** How a stream of server-sent events is read. */
export type ReadEventsOptions = Readonly<{
  /** Called whenever anything arrives, a comment too: the connection is alive. */
  onChunk?: (() => void) | undefined
  /** Default: no limit. */
  limit?: LengthLimit | undefined
}>

/**
 * Reads server-sent events until the stream ends (HTML Standard §9.2.6); a message that was cut off is not given.
 *
 * Leaving the loop cancels the stream. Bytes that are not UTF-8 throw a `TypeError`; what is longer than the limit throws the limit's error.
 */
export async function* readEvents(
  body: ByteStream,
  { onChunk, limit }: ReadEventsOptions = {},
): AsyncGenerator<ServerEvent, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let afterCr = false
  let event = ''
  let id = ''
  let data: string[] = []
  let length = 0
  try {
    for (;;) {
      const chunk = await reader.read()
      if (chunk.done) return
      onChunk?.()
      const text = decoder.decode(chunk.value, { stream: true })
      // the first bytes of a letter are no text yet
      if (!text) continue
      // a CR LF that came in two chunks ends one line
      const lines = (rest + (afterCr ? text.replace(/^\n/, '') : text)).split(/\r\n|\n|\r/)
      afterCr = text.endsWith('\r')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (!line) {
          if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id }
          event = ''
          data = []
          length = 0
        }
        if (limit && length + line.length > limit.maxLength) throw limit.tooLong()
        // comments are heartbeats, of any number
        if (!line.startsWith(':')) length += line.length
        const [, field, value = ''] = /^(event|data|id)(?:: ?(.*))?$/s.exec(line) ?? []
        if (field === 'event') event = value
        if (field === 'data') data.push(value)
        if (field === 'id' && !value.includes('\0')) id = value
      }
      if (limit && rest.length > limit.maxLength) throw limit.tooLong()
    }
  } finally {
    // a stream that broke cannot be cancelled: it is over either way
    reader.cancel().catch(() => undefined)
  }
}
