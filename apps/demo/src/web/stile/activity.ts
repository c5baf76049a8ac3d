/** One thing that went over the wire, as the side panel shows it. */
export type Entry = Readonly<{
  id: number
  at: string
  what: string
  status: number | null
  challenge?: string
  tone: 'plain' | 'asked' | 'refused'
}>

/** What the side panel watches. */
export type Activity = Readonly<{
  get: () => readonly Entry[]
  subscribe: (listener: () => void) => () => void
  fetch: typeof globalThis.fetch
}>

const KEEP = 12

/** A `fetch` that notes what passes through it: method, path, status and challenge, never a token or a body. */
export function createActivity(): Activity {
  let entries: readonly Entry[] = []
  let serial = 0
  const listeners = new Set<() => void>()
  const note = (what: string, response: Response | null) => {
    serial += 1
    const challenge = response?.headers.get('www-authenticate')
    const status = response?.status ?? null
    const tone = status === null || status >= 500 || status === 403 ? 'refused' : status >= 400 ? 'asked' : 'plain'
    const entry: Entry = { id: serial, at: new Date().toLocaleTimeString(), what, status, tone, ...(challenge && { challenge }) }
    entries = [entry, ...entries].slice(0, KEEP)
    for (const listener of listeners) listener()
  }
  return {
    get: () => entries,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    fetch: async (input, init) => {
      const request = input instanceof Request ? input : null
      const { port, pathname } = new URL(request?.url ?? String(input))
      const what = `${init?.method ?? request?.method ?? 'GET'} ${port && `:${port}`}${pathname}`
      try {
        const response = await fetch(input, init)
        note(what, response)
        return response
      } catch (reason) {
        if (!(reason instanceof DOMException && reason.name === 'AbortError')) note(what, null)
        throw reason
      }
    },
  }
}
