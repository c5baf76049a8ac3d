import type { IssuedToken, State } from '@stile/protocol'
// a path of its own: bundlers that split by file would put it among what a page loads first
import { readEvents } from '@stile/protocol/events'
import { isState } from '../base.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceClient } from '../service/service-client.ts'
import type { ClientState } from '../stile.ts'
import { isOfProof, withHeldToken } from './held-token.ts'

/** Following the state, until it is closed. */
export type Following = Readonly<{
  /** Takes a state that was read, and tells the other tabs that have this name in common. */
  offer: (read: Readonly<{ state: State; sharedName: string }>) => void
  /** Lets go of stream and timers, until a state is offered again. */
  leave: () => void
  close: () => void
}>

/** What following needs. */
export type FollowOptions = Readonly<{
  open: ServiceClient['open']
  /** The service's `publicUrl`. */
  baseUrl: string
  /** Names the audience that the state brings a token for, beginning with `?`. */
  query: string
  clock: Clock
  get: () => ClientState
  set: (next: ClientState) => void
  /** Replaces the state. */
  apply: (state: State) => void
  /** Reads the state again. */
  load: () => Promise<void>
  /** Ends the state with the code `session_ended`. */
  end: () => void
  /** Called when another tab has found that somebody else is signed in. */
  onOther: () => void
  /** Drops the state and all that was begun with it. */
  forget: () => void
  /** Whether anybody looks at the state. */
  isWatched: () => boolean
}>

/** A stream that is silent this long is dead: the service's heartbeat comes every 15 s. */
const SILENCE_MS = 45_000
/** How long the stream waits if nobody looks at the state: what it was read for goes first. */
const UNWATCHED_MS = 2000
/** A token is renewed this long before its end. */
const EARLY_SECONDS = 30
const MAX_BACKOFF_SECONDS = 15
/** What a proof opens waits so long for the answer to the proof, which brings the token and may come second. */
const PROOF_WAIT_MS = 250
/** What is shown outlives its session no longer than this. */
const END_WAIT_MS = 1000
/** A window that gets the focus reads the state again if what it knows is older than this. */
const LOOK_SECONDS = 10
/** What can mean, beside its being shown, that somebody looks at a page: from another window, the browser's history, a network that is back. */
const LOOKS = ['focus', 'pageshow', 'online']
/** The longest that one timer waits: browsers run a longer one at once. */
const MAX_TIMER_SECONDS = 86_400
/** A service whose store was replaced counts its revisions from the start: an answer this much later counts, whatever its revision. */
const RESET_SECONDS = 60

/**
 * Follows the state while the page is visible. One tab holds the stream and tells the others (Web Locks, BroadcastChannel); in browsers
 * without these each tab holds its own. The state is read again at the next instant at which it changes by itself.
 */
export function follow({ open, baseUrl, query, clock, get, set, apply, load, end, onOther, forget, isWatched }: FollowOptions): Following {
  const path = `/v1/events${query}`
  /** Nothing is signed for a page that only stands there. Tabs of an SDK that reads no state without a token share no stream with these. */
  const source = `${path}&token=0`
  let timer: ReturnType<typeof setTimeout> | undefined
  let opening: ReturnType<typeof setTimeout> | undefined
  let hearing: ReturnType<typeof setTimeout> | undefined
  let leaving: AbortController | undefined
  let channel: BroadcastChannel | undefined
  /** Names the stream and the channel of tabs that share a state. */
  let name = ''
  let sharing = ''
  /** The token that was read last. */
  let readToken: IssuedToken | undefined
  let drops = 0
  const closing = new AbortController()
  /** When the state was read last, by the service's clock. */
  let readAt = 0

  const nameOf = ({ subject, actor, account }: State) => JSON.stringify([source, sharing, subject, actor, account])

  /** All tabs of this service, whoever is signed in. */
  const tabs = globalThis.BroadcastChannel && new BroadcastChannel(baseUrl + path)
  let who = ''
  if (tabs) tabs.onmessage = ({ data }) => who !== data && onOther()
  /** Tells the other tabs who is signed in: in a browser one sign-in replaces the other. */
  const tellWho = ({ subject, actor }: State) => {
    const next = JSON.stringify([subject, actor])
    if (who === next) return
    who = next
    tabs?.postMessage(who)
  }

  const leave = () => {
    clearTimeout(opening)
    clearTimeout(hearing)
    leaving?.abort()
    channel?.close()
    leaving = channel = undefined
  }
  const wakeAfter = (seconds: number) => {
    clearTimeout(timer)
    // a hidden page holds no stream; it reads what it missed when it is shown
    timer = setTimeout(() => document.hidden || load(), Math.min(seconds, MAX_TIMER_SECONDS) * 1000)
  }

  /** Takes what is newer. A state that was not asked for must be later, too: of the same second, it may be from before a proof. */
  const accept = (state: State, laterBySeconds: 0 | 1) => {
    const before = get()
    if (before.status === 'ready' && before.state !== state) {
      const { revision, now: then } = before.state
      const older = state.revision < revision || (state.revision === revision && state.now < then + laterBySeconds)
      if (older && state.now - then < RESET_SECONDS) {
        if (before.stale) set({ ...before, stale: false })
        return wakeAfter(secondsUntilChange(before.state, clock.serviceNow()))
      }
    }
    // a token that was not read is that of a proof
    const holdsProof = before.status === 'ready' && before.state.token !== readToken
    const next = holdsProof ? withHeldToken(state, before.state) : state
    if (state.token) readToken = state.token
    if (before.status !== 'ready' || before.state !== next || before.stale) apply(next)
    wakeAfter(secondsUntilChange(next, clock.serviceNow()))
  }

  /** Takes a state that was streamed in, here or in another tab. */
  const hear = (state: State) => {
    const before = get()
    clearTimeout(hearing)
    const isEarly = before.status === 'ready' && isOfProof(state, before.state)
    if (isEarly) hearing = setTimeout(accept, PROOF_WAIT_MS, state, 1)
    else accept(state, 1)
  }

  /** Reads a message of the stream. */
  const take = (data: string) => {
    const state: unknown = JSON.parse(data)
    if (!isState(state)) return
    // the session token changed hands meanwhile
    if (nameOf(state) !== name) return void load()
    clock.setServiceNow(state.now)
    hear(state)
    channel?.postMessage(state)
  }

  /** The session has ended: the service says what the subject can do about it, if it answers soon. */
  const askWhatNext = async () => {
    const late = setTimeout(end, END_WAIT_MS)
    await load()
    clearTimeout(late)
  }

  const stream = async (signal: AbortSignal) => {
    const silence = new AbortController()
    const cut = () => silence.abort()
    let watch = setTimeout(cut, SILENCE_MS)
    signal.addEventListener('abort', cut)
    try {
      const before = get()
      const { body } = await open(source, {
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
        if (event === 'end') await askWhatNext()
        if (event === 'state') take(data)
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
    if (channel) channel.onmessage = ({ data }) => isState(data) && nameOf(data) === name && hear(data)
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

  /** The page is looked at again, or nobody looks at it any more. */
  const look = (event: Event) => {
    if (document.hidden) return leave()
    // a page that was frozen has heard of no other tab
    if ((event as PageTransitionEvent).persisted) return onOther()
    const known = get()
    const isOld = known.status === 'ready' && Math.abs(clock.serviceNow() - readAt) > LOOK_SECONDS
    if (known.status === 'error' || (known.status === 'ready' && (event.type !== 'focus' || isOld))) load()
  }
  const { signal: closed } = closing
  document.addEventListener('visibilitychange', look, { signal: closed })
  for (const each of LOOKS) addEventListener(each, look, { signal: closed })

  return {
    offer: ({ state, sharedName }) => {
      const before = get()
      // the session token need not tell that it changed hands: what was begun is not done for somebody else
      if (before.status === 'ready' && nameOf(before.state) !== nameOf(state)) forget()
      readAt = state.now
      sharing = sharedName
      tellWho(state)
      const next = nameOf(state)
      if (name !== next) leave()
      name = next
      accept(state, 0)
      clearTimeout(opening)
      if (isWatched()) stay()
      else opening = setTimeout(stay, UNWATCHED_MS)
      channel?.postMessage(state)
    },
    leave: () => {
      clearTimeout(timer)
      leave()
    },
    close: () => {
      clearTimeout(timer)
      leave()
      closing.abort()
      tabs?.close()
    },
  }
}

/** How long until the next instant at which a state changes by itself, one second at least. */
function secondsUntilChange({ token, license, decisions }: State, now: number): number {
  const instants = [license?.changesAt]
  if (token) {
    const left = token.expiresAt - now
    instants.push(now + Math.max(left - EARLY_SECONDS, left / 2))
  }
  for (const decision of Object.values(decisions)) if (decision.outcome === 'permit') instants.push(decision.until)
  const ahead = instants.filter((each) => each !== undefined && each > now) as number[]
  return Math.max(1, Math.min(...ahead) - now)
}
