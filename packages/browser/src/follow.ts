import type { State } from '@stile/protocol'
import { readEvents } from './events.ts'
import type { Service } from './service.ts'

/** What following needs. */
export type FollowOptions = Readonly<{
  open: Service['open']
  /** The path of the stream. */
  path: string
  /** The name of the lock and the channel: tabs with the same one share a state. */
  name: string
  /** The revision that is known already. */
  revision: () => number
  signal: AbortSignal
  /** Called with each state; `live` where it comes from the service itself, not from another tab. */
  onState: (state: State, live: boolean) => void
  /** Called whenever anything arrives, a heartbeat too. */
  onAlive: () => void
  /** Called when the service says that the session has ended. */
  onEnd: () => void
}>

/** Following, until it ends. */
export type Following = Readonly<{
  /** Settles when the stream has ended or `signal` was aborted. Never rejects. */
  ended: Promise<void>
  /** Tells the other tabs a state that was read otherwise. */
  post: (state: State) => void
}>

/** A stream that is silent this long is dead: the service's heartbeat comes every 15 s. */
const SILENCE_MS = 45_000

/**
 * Follows the state: one tab holds the stream and tells the others (Web Locks, BroadcastChannel); where these are missing each tab
 * holds its own. Loaded after the first state.
 */
export function follow({ open, path, name, revision, signal, onState, onAlive, onEnd }: FollowOptions): Following {
  const channel = globalThis.BroadcastChannel && new BroadcastChannel(name)
  if (channel) channel.onmessage = ({ data }) => onState(data, false)
  const post = (state: State) => channel?.postMessage(state)

  const stream = async () => {
    const silence = new AbortController()
    const end = () => silence.abort()
    let watch = setTimeout(end, SILENCE_MS)
    signal.addEventListener('abort', end)
    try {
      const { body } = await open('GET', path, {
        headers: { Accept: 'text/event-stream', 'Last-Event-ID': `${revision()}` },
        signal: silence.signal,
      })
      const onEvent = ({ event, data }: { event: string; data: string }) => {
        if (signal.aborted) return
        if (event === 'end') onEnd()
        if (event !== 'state') return
        const state: State = JSON.parse(data)
        onState(state, true)
        post(state)
      }
      const onChunk = () => {
        onAlive()
        clearTimeout(watch)
        watch = setTimeout(end, SILENCE_MS)
      }
      if (body) await readEvents(body, onEvent, onChunk)
    } finally {
      clearTimeout(watch)
      end()
    }
  }
  const locks = globalThis.navigator?.locks
  // whatever ended the stream, reading the state again tells what is wrong
  const ended = (async () => (locks ? locks.request(name, { signal }, stream) : stream()))()
    .catch(() => {})
    .finally(() => channel?.close())
  return { ended, post }
}
