import type { State } from '@stile/protocol'
// a path of its own: bundlers that split by file would put it among what a page loads first
import { readEvents } from '@stile/protocol/events'
import type { Clock } from '../lib/clock.ts'
import type { ServiceClient } from '../service/service-client.ts'
import type { ClientState } from '../stile.ts'

/** Following the state, until it is closed. */
export type Following = Readonly<{
  /** Takes a state that was read, and tells the other tabs that have this name in common. */
  offer: (read: Readonly<{ state: State; sharedName: string }>) => void
  close: () => void
}>

/** What following needs. */
export type FollowOptions = Readonly<{
  open: ServiceClient['open']
  /** Where the stream is. */
  path: string
  clock: Clock
  get: () => ClientState
  set: (next: ClientState) => void
  /** Replaces the state. */
  apply: (state: State) => void
  /** Reads the state again. */
  load: () => Promise<void>
  /** Ends the state with the code `session_ended`. */
  end: () => void
}>

/** A stream that is silent this long is dead: the service's heartbeat comes every 15 s. */
const SILENCE_MS = 45_000
/** A token is renewed this long before its end. */
const EARLY_SECONDS = 30
const MAX_BACKOFF_SECONDS = 15
/** The longest that one timer waits: browsers run a longer one at once. */
const MAX_TIMER_SECONDS = 86_400
/** A service whose store was replaced counts its revisions from the start: an answer this much later counts, whatever its revision. */
const RESET_SECONDS = 60

/**
 * Follows the state while the page is visible. One tab holds the stream and tells the others (Web Locks, BroadcastChannel); in browsers
 * without these each tab holds its own. The state is read again at the next instant at which it changes by itself.
 */
export function follow({ open, path, clock, get, set, apply, load, end }: FollowOptions): Following {
  let timer: ReturnType<typeof setTimeout> | undefined
  let leaving: AbortController | undefined
  let channel: BroadcastChannel | undefined
  /** Names the stream and the channel of tabs that share a state. */
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
  const wakeAfter = (seconds: number) => {
    clearTimeout(timer)
    timer = setTimeout(wake, Math.min(seconds, MAX_TIMER_SECONDS) * 1000)
  }

  /** Takes what is newer. A state that was not asked for must be later, too: of the same second, it may be from before a proof. */
  const accept = (state: State, laterBySeconds: 0 | 1) => {
    const before = get()
    if (before.status === 'ready' && before.state !== state) {
      const { revision, now: then, subject } = before.state
      const older = state.revision < revision || (state.revision === revision && state.now < then + laterBySeconds)
      if (older && state.subject === subject && state.now - then < RESET_SECONDS) {
        if (before.stale) set({ ...before, stale: false })
        return wakeAfter(secondsUntilChange(before.state, clock.serviceNow()))
      }
    }
    if (before.status !== 'ready' || before.state !== state || before.stale) apply(state)
    wakeAfter(secondsUntilChange(state, clock.serviceNow()))
  }

  /** Takes a state that was streamed in. */
  const take = (state: State) => {
    // the session token changed hands meanwhile
    if (nameOf(state) !== name) return void load()
    clock.setServiceNow(state.now)
    accept(state, 1)
    channel?.postMessage(state)
  }

  const stream = async (signal: AbortSignal) => {
    const silence = new AbortController()
    const cut = () => silence.abort()
    let watch = setTimeout(cut, SILENCE_MS)
    signal.addEventListener('abort', cut)
    try {
      const before = get()
      const { body } = await open(path, {
        method: 'GET',
        headers: { Accept: 'text/event-stream', 'Last-Event-ID': `${before.status === 'ready' && before.state.revision}` },
        signal: silence.signal,
      })
      const onChunk = () => {
        drops = 0
        clearTimeout(watch)
        watch = setTimeout(cut, SILENCE_MS)
      }
      if (!body) return
      for await (const { event, data } of readEvents(body, { onChunk })) {
        if (signal.aborted) return
        if (event === 'end') end()
        if (event === 'state') take(JSON.parse(data))
      }
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
      // reading the state again tells what ended the stream
    }
    if (leaving !== mine) return
    leave()
    wakeAfter(Math.min(MAX_BACKOFF_SECONDS, 2 ** drops++) * (0.5 + Math.random() / 2))
  }

  document.addEventListener('visibilitychange', wake)
  addEventListener('online', wake)
  return {
    offer: ({ state, sharedName }) => {
      sharing = sharedName
      const next = nameOf(state)
      if (name !== next) leave()
      name = next
      accept(state, 0)
      stay()
      channel?.postMessage(state)
    },
    close: () => {
      clearTimeout(timer)
      leave()
      document.removeEventListener('visibilitychange', wake)
      removeEventListener('online', wake)
    },
  }
}

/** How long until the next instant at which a state changes by itself, one second at least. */
function secondsUntilChange({ token, license, decisions }: State, now: number): number {
  const left = token.expiresAt - now
  const instants = [now + Math.max(left - EARLY_SECONDS, left / 2), license?.changesAt]
  for (const decision of Object.values(decisions)) if (decision.outcome === 'permit') instants.push(decision.until)
  const ahead = instants.filter((each) => each !== undefined && each > now) as number[]
  return Math.max(1, Math.min(...ahead) - now)
}
