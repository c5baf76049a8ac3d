import type { State } from '@stile/protocol'
import type { Service } from '../service/service-client.ts'
import type { ClientState } from '../stile.ts'
import { readEvents } from './events.ts'

/** Following, until it is closed. */
export type Following = readonly [
  /** Takes a state that was read, and tells the other tabs; `shared` is what tabs that may share it have in common besides their subject. */
  offer: (state: State, shared: string) => void,
  close: () => void,
]

/** A stream that is silent this long is dead: the service's heartbeat comes every 15 s. */
const SILENCE_MS = 45_000
/** A token is renewed this long before its end. */
const EARLY_SECONDS = 30
const MAX_BACKOFF_SECONDS = 15
/** A service whose store was replaced starts its revisions anew: an answer this much later counts whatever its revision. */
const RESET_SECONDS = 60

/**
 * Follows the state while the page is visible: one tab holds the stream and tells the others (Web Locks, BroadcastChannel; where these
 * are missing each tab holds its own), and the state is read again at the next instant at which it changes by itself. Loaded after the
 * first state.
 *
 * @param path  where the stream is
 * @param now  the service's clock, in seconds since the epoch; `setNow` corrects it
 * @param apply  replaces the state
 * @param load  reads the state again
 * @param end  ends the state with the code `session_ended`
 */
export function follow(
  open: Service[1],
  path: string,
  now: () => number,
  setNow: (serverNow: number) => void,
  get: () => ClientState,
  set: (next: ClientState) => void,
  apply: (state: State) => void,
  load: () => Promise<void>,
  end: () => void,
): Following {
  let timer: ReturnType<typeof setTimeout> | undefined
  let leaving: AbortController | undefined
  let channel: BroadcastChannel | undefined
  let name = ''
  let sharing = ''
  let drops = 0

  const nameOf = ({ subject, actor, account }: State) => JSON.stringify([path, sharing, subject, actor, account])

  const leave = () => {
    leaving?.abort()
    channel?.close()
    leaving = channel = undefined
  }
  // a hidden page holds no stream; it reads what it missed when it is shown
  const wake = () => {
    if (document.hidden) leave()
    else load()
  }
  const later = (seconds: number) => {
    clearTimeout(timer)
    timer = setTimeout(wake, Math.min(seconds, 86_400) * 1000)
  }

  /** Waits for the next instant at which the state changes by itself. */
  const arm = ({ token, license, decisions }: State) => {
    const at = now()
    const left = token.expiresAt - at
    const boundaries = [at + Math.max(left - EARLY_SECONDS, left / 2), license?.changesAt]
    for (const decision of Object.values(decisions)) if (decision.outcome === 'permit') boundaries.push(decision.until)
    const ahead = boundaries.filter((each) => each !== undefined && each > at) as number[]
    later(Math.max(1, Math.min(...ahead) - at))
  }

  /** Takes what is newer. One that was not asked for must be later, too: of the same second, it may be from before a proof. */
  const accept = (state: State, laterBySeconds: 0 | 1) => {
    const before = get()
    if (before.status === 'ready' && before.state !== state) {
      const { revision, now: then, subject } = before.state
      const older = state.revision < revision || (state.revision === revision && state.now < then + laterBySeconds)
      if (older && state.subject === subject && state.now - then < RESET_SECONDS) {
        if (before.stale) set({ ...before, stale: false })
        return arm(before.state)
      }
    }
    if (before.status !== 'ready' || before.state !== state || before.stale) apply(state)
    arm(state)
  }

  const stream = async (signal: AbortSignal) => {
    const silence = new AbortController()
    const cut = () => silence.abort()
    let watch = setTimeout(cut, SILENCE_MS)
    signal.addEventListener('abort', cut)
    try {
      const before = get()
      const { body } = await open('GET', path, {
        headers: { Accept: 'text/event-stream', 'Last-Event-ID': `${before.status === 'ready' && before.state.revision}` },
        signal: silence.signal,
      })
      const onEvent = ({ event, data }: { event: string; data: string }) => {
        if (signal.aborted) return
        if (event === 'end') end()
        if (event !== 'state') return
        const state: State = JSON.parse(data)
        // the session token changed hands meanwhile
        if (nameOf(state) !== name) return void load()
        setNow(state.now)
        accept(state, 1)
        channel?.postMessage(state)
      }
      const onChunk = () => {
        drops = 0
        clearTimeout(watch)
        watch = setTimeout(cut, SILENCE_MS)
      }
      if (body) await readEvents(body, onEvent, onChunk)
    } finally {
      clearTimeout(watch)
      cut()
    }
  }

  const stay = async () => {
    if (leaving || document.hidden) return
    const mine = new AbortController()
    const { signal } = mine
    leaving = mine
    channel = globalThis.BroadcastChannel && new BroadcastChannel(name)
    if (channel) channel.onmessage = ({ data }) => nameOf(data) === name && accept(data, 1)
    const run = () => stream(signal)
    try {
      const locks = globalThis.navigator?.locks
      await (locks ? locks.request(name, { signal }, run) : run())
    } catch {
      // whatever ended the stream, reading the state again tells what is wrong
    }
    if (leaving !== mine) return
    leave()
    later(Math.min(MAX_BACKOFF_SECONDS, 2 ** drops++) * (0.5 + Math.random() / 2))
  }

  // so that a click need not wait for it, and a lost network does not keep it away
  import('../step-ups/prove.ts').catch(() => {})
  document.addEventListener('visibilitychange', wake)
  addEventListener('online', wake)
  return [
    (state, shared) => {
      sharing = shared
      const next = nameOf(state)
      if (name !== next) leave()
      name = next
      accept(state, 0)
      stay()
      channel?.postMessage(state)
    },
    () => {
      clearTimeout(timer)
      leave()
      document.removeEventListener('visibilitychange', wake)
      removeEventListener('online', wake)
    },
  ]
}
