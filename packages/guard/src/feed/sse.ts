/** One dispatched event of an event stream; `id` is the last one that was seen, as the standard has it. */
export type SseEvent = Readonly<{ type: string; data: string; id: string }>

/** The most characters that one event may have: ours are far below, and what is longer is no feed of ours. */
const MAX_EVENT_LENGTH = 65_536

/** Thrown where an event is longer than the limit. */
export class SseOverflow extends Error {
  override readonly name = 'SseOverflow'
}

/**
 * Reads an event stream (HTML Living Standard §9.2.6) from chunks of decoded text; how it is cut into chunks does not matter.
 *
 * @returns a function that takes the next chunk and returns the events that it completes; throws `SseOverflow`
 */
export function createSseReader(): (chunk: string) => readonly SseEvent[] {
  let rest = ''
  let started = false
  let afterCr = false
  let type = ''
  let id = ''
  let data: string[] = []
  let length = 0

  return (chunk) => {
    const events: SseEvent[] = []
    let text = chunk
    if (!started && text !== '') {
      started = true
      if (text.startsWith('\uFEFF')) text = text.slice(1)
    }
    // CR LF may be cut in two: the LF then ends no further line
    if (afterCr && text.startsWith('\n')) text = text.slice(1)
    if (text !== '' || chunk !== '') afterCr = chunk.endsWith('\r')
    const lines = (rest + text).split(/\r\n|\n|\r/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) events.push({ type: type === '' ? 'message' : type, data: data.join('\n'), id })
        type = ''
        data = []
        length = 0
        continue
      }
      length += line.length
      if (length > MAX_EVENT_LENGTH) throw new SseOverflow('An event of the feed is longer than 65536 characters, so it is not read.')
      const colon = line.indexOf(':')
      if (colon === 0) {
        length -= line.length
        continue
      }
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
      if (field === 'event') type = value
      else if (field === 'data') data.push(value)
      else if (field === 'id' && !value.includes('\0')) id = value
    }
    if (rest.length > MAX_EVENT_LENGTH) throw new SseOverflow('A line of the feed is longer than 65536 characters, so it is not read.')
    return events
  }
}
