/** One thing that came through an event stream; a comment is a heartbeat. */
export type TestEvent = Readonly<{ id?: string; event: string; data: Readonly<Record<string, unknown>> }> | Readonly<{ comment: string }>

export type TestEvents = Readonly<{
  response: Response
  /** The next message or comment; `undefined` at the end of the stream. Rejects if none comes in time. */
  next(timeoutMilliseconds?: number): Promise<TestEvent | undefined>
  /** The next message of this name; everything else is passed over. */
  nextNamed(event: string, timeoutMilliseconds?: number): Promise<Extract<TestEvent, { event: string }>>
  close(): void
}>

/** Reads an event stream message by message. */
export function readEvents(response: Response, abort: AbortController): TestEvents {
  const blocks = blocksOf(response)
  const next: TestEvents['next'] = async (timeoutMilliseconds = 5000) => {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error(`nothing came within ${timeoutMilliseconds} ms`)), timeoutMilliseconds)
    try {
      const { value } = await Promise.race([blocks.next(), late])
      return value
    } finally {
      clearTimeout(timer)
    }
  }
  return {
    response,
    next,
    async nextNamed(event, timeoutMilliseconds) {
      for (;;) {
        const found = await next(timeoutMilliseconds)
        if (found === undefined) throw new Error(`the stream ended before "${event}"`)
        if ('event' in found && found.event === event) return found
      }
    },
    close: () => abort.abort(),
  }
}

async function* blocksOf(response: Response): AsyncGenerator<TestEvent, undefined> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const part of response.body ?? []) {
      text += decoder.decode(part, { stream: true })
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield parseBlock(text.slice(0, end))
        text = text.slice(end + 2)
      }
    }
  } catch {
    // closed by us, or cut by the server: either way it is over
  }
  return undefined
}

function parseBlock(block: string): TestEvent {
  const fields: Record<string, string> = {}
  for (const line of block.split('\n')) {
    if (line.startsWith(':')) return { comment: line.slice(1).trim() }
    const at = line.indexOf(': ')
    fields[line.slice(0, at)] = line.slice(at + 2)
  }
  return { ...(fields.id === undefined ? {} : { id: fields.id }), event: fields.event ?? '', data: JSON.parse(fields.data ?? 'null') }
}
