import type { State } from '@stile/protocol'
import type { Clock } from './clock.ts'
import { StileError } from './error.ts'
import { isPassing } from './flow.ts'
import type { Following } from './follow.ts'
import { observable } from './lib/observable.ts'
import type { Service } from './service.ts'
import type { ClientState } from './stile.ts'

/** What keeping the state current needs. */
export type LiveStateDeps = Readonly<{
  service: Service
  audience: string
  clock: Clock
  /** What tabs that may share a state have in common: subject, session and device key. */
  shared: (state: State) => Promise<string>
  /** Called with every state that replaces the former, before the listeners; `undefined` when the state is lost. */
  onState: (state: State | undefined) => void
}>

/** The state, kept current. */
export type LiveState = Readonly<{
  get: () => ClientState
  subscribe: (listener: () => void) => () => void
  /** Reads the state again; what was asked for earlier does not count. Never rejects. */
  refresh: () => Promise<void>
  /** The load that is under way, if any. */
  loading: () => Promise<void> | undefined
  fail: (error: unknown) => void
  close: () => void
}>

/** A token is renewed this long before its end. */
const EARLY_SECONDS = 30
const MAX_BACKOFF_SECONDS = 15
/** A service whose store was replaced starts its revisions anew: an answer this much later counts whatever its revision. */
const RESET_SECONDS = 60

/** Keeps the state: loads it, follows the stream while the page is visible, and reads it again at the next boundary. */
export function createLiveState({ service, audience, clock, shared, onState }: LiveStateDeps): LiveState {
  const { get, set, subscribe } = observable<ClientState>({ status: 'loading' })
  const query = `?audience=${encodeURIComponent(audience)}`
  const here = globalThis.document
  let loading: Promise<void> | undefined
  let following: Following | undefined
  let leaving: AbortController | undefined
  let timer: ReturnType<typeof setTimeout>
  let name = ''
  let begun = false
  let closed = !here
  /** Grows with each refresh: an answer to an earlier question is asked for again. */
  let era = 0
  /** No state from before this instant is taken from the stream or another tab. */
  let floor = 0
  let failures = 0
  let drops = 0

  // a hidden page wakes when it is shown
  const wake = () => {
    if (here.hidden) leave()
    else load()
  }
  const later = (seconds: number) => {
    clearTimeout(timer)
    timer = setTimeout(wake, Math.min(seconds, 86_400) * 1000)
  }
  const backoff = (tries: number) => later(Math.min(MAX_BACKOFF_SECONDS, 2 ** tries) * (0.5 + Math.random() / 2))
  const leave = () => {
    leaving?.abort()
    leaving = following = undefined
  }

  const accept = (state: State, live: boolean) => {
    let current = state
    const before = get()
    if (before.status === 'ready') {
      const { revision, now, subject } = before.state
      const older = state.revision < revision || (state.revision === revision && state.now < now)
      if (older && state.subject === subject && state.now - now < RESET_SECONDS) current = before.state
    }
    if (live) clock.set(state.now)
    if (current === state) onState(state)
    if (current === state || (before.status === 'ready' && before.stale)) set({ status: 'ready', state: current, stale: false })

    // the next instant at which the state changes by itself
    const at = clock.now()
    const left = current.token.expiresAt - at
    const boundaries = [at + Math.max(left - EARLY_SECONDS, left / 2), current.license?.changesAt]
    for (const decision of Object.values(current.decisions)) if (decision.outcome === 'permit') boundaries.push(decision.until)
    later(Math.max(1, Math.min(...boundaries.map((each = 0) => (each > at ? each : Infinity))) - at))
  }

  const fail = (error: unknown) => {
    const { code } = error instanceof StileError ? error : new StileError('internal')
    const before = get()
    if (before.status === 'ready' && isPassing(code)) {
      if (!before.stale) set({ ...before, stale: true })
    } else if (before.status !== 'error' || before.code !== code) set({ status: 'error', code, retry: load })
    clearTimeout(timer)
    if (isPassing(code)) backoff(failures++)
    else {
      onState(undefined)
      leave()
    }
  }

  const load = () => {
    loading ??= read().finally(() => {
      loading = undefined
    })
    return loading
  }
  const read = async () => {
    if (closed) return
    try {
      let state: State
      let asked: number
      do {
        asked = era
        state = (await service.request('GET', `/v1/state${query}`)) as State
      } while (asked !== era)
      const id = await shared(state)
      if (closed) return
      failures = 0
      if (id !== name) leave()
      name = id
      accept(state, true)
      following?.post(state)
      stay()
    } catch (error) {
      if (!closed) fail(error)
    }
  }

  const stay = async () => {
    if (leaving || here.hidden) return
    const mine = new AbortController()
    leaving = mine
    try {
      const { follow } = await import('./follow.ts')
      if (mine.signal.aborted) return
      following = follow({
        open: service.open,
        path: `/v1/events${query}`,
        name,
        revision: () => {
          const state = get()
          return state.status === 'ready' ? state.state.revision : 0
        },
        signal: mine.signal,
        onState: (state, live) => {
          if (!mine.signal.aborted && state.now >= floor) accept(state, live)
        },
        onAlive: () => {
          drops = 0
        },
        onEnd: () => fail(new StileError('session_ended')),
      })
      await following.ended
    } catch {
      // the rest of the SDK could not be loaded: tried again like a stream that dropped
    }
    if (leaving !== mine) return
    leave()
    backoff(drops++)
  }

  return {
    get,
    subscribe: (listener) => {
      if (!begun && !closed) {
        begun = true
        here.addEventListener('visibilitychange', wake)
        addEventListener('online', wake)
        load()
      }
      return subscribe(listener)
    },
    refresh: () => {
      era++
      floor = Math.floor(clock.now())
      return load()
    },
    loading: () => loading,
    fail,
    close: () => {
      if (closed) return
      closed = true
      clearTimeout(timer)
      leave()
      here.removeEventListener('visibilitychange', wake)
      removeEventListener('online', wake)
    },
  }
}
