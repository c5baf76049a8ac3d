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
  /** Ends the state with the code `session_ended`. */
  end: () => void
  close: () => void
}>

const MAX_BACKOFF_SECONDS = 15

/** Loads the state and, after the first, what follows it (`follow.ts`). */
export function createLiveState({ service, audience, clock, shared, onState }: LiveStateDeps): LiveState {
  const { get, set, subscribe } = observable<ClientState>({ status: 'loading' })
  const query = `?audience=${encodeURIComponent(audience)}`
  let loading: Promise<void> | undefined
  let following: Following | undefined
  let timer: ReturnType<typeof setTimeout>
  let begun = false
  let closed = typeof document === 'undefined'
  /** Grows with each refresh: an answer to an earlier question is asked for again. */
  let era = 0
  /** No state from before this instant is taken from the stream or another tab. */
  let floor = 0
  let failures = 0

  const apply = (state: State) => {
    onState(state)
    set({ status: 'ready', state, stale: false })
  }
  const fail = (error: unknown) => {
    if (closed) return
    const code = error instanceof StileError ? error.code : 'internal'
    const passing = isPassing(code)
    const before = get()
    if (before.status === 'ready' && passing) set({ ...before, stale: true })
    else set({ status: 'error', code, retry: load })
    clearTimeout(timer)
    if (passing) timer = setTimeout(load, Math.min(MAX_BACKOFF_SECONDS, 2 ** failures++) * (500 + Math.random() * 500))
    else {
      onState(undefined)
      following?.close()
      following = undefined
    }
  }
  const end = () => fail(new StileError('session_ended'))
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
      const name = await shared(state)
      if (closed) return
      failures = 0
      clearTimeout(timer)
      clock.set(state.now)
      if (following) following.offer(state, name)
      else {
        apply(state)
        // without it the state is still read when asked for
        const { follow } = await import('./follow.ts')
        if (closed) return
        following ??= follow({ open: service.open, path: `/v1/events${query}`, clock, get, set, apply, load, end, floor: () => floor })
        following.offer(state, name)
      }
    } catch (error) {
      fail(error)
    }
  }

  return {
    get,
    subscribe: (listener) => {
      if (!begun) load()
      begun = true
      return subscribe(listener)
    },
    refresh: () => {
      era++
      floor = Math.floor(clock.now())
      return load()
    },
    loading: () => loading,
    end,
    close: () => {
      closed = true
      clearTimeout(timer)
      following?.close()
    },
  }
}
