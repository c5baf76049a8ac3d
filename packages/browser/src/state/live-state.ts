import type { State } from '@stile/protocol'
import { isPassing, type StileError } from '../error.ts'
import { observable } from '../lib/observable.ts'
import type { Service } from '../service/service-client.ts'
import type { ClientState } from '../stile.ts'
import type { Following } from './follow.ts'

/** The state, kept current. */
export type LiveState = readonly [
  get: () => ClientState,
  subscribe: (listener: () => void) => () => void,
  /** Reads the state again; what was asked for earlier does not count. Never rejects. */
  refresh: () => Promise<void>,
  /** Reads the state, or joins who reads it. Never rejects. */
  load: () => Promise<void>,
  /** Ends the state with the code `session_ended`; what was asked for earlier does not count. */
  end: () => void,
  /** Drops the state and reads that of whoever is signed in now. */
  restart: () => void,
  close: () => void,
]

/**
 * Loads the state and, after the first, what follows it (`follow.ts`).
 *
 * @param now  the service's clock as far as it is known, in seconds since the epoch; `setNow` corrects it
 * @param shared  what tabs that may share a state have in common besides their subject: service, session and device key
 * @param onState  called with every state that replaces the former, before the listeners; `undefined` when it is lost
 */
export function createLiveState(
  [request, open]: Service,
  audience: string,
  now: () => number,
  setNow: (serverNow: number) => void,
  shared: () => Promise<string>,
  onState: (state: State | undefined) => void,
): LiveState {
  const [get, set, subscribe] = observable<ClientState>({ status: 'loading' })
  const query = `?audience=${encodeURIComponent(audience)}`
  let loading: Promise<void> | undefined
  let following: Following | undefined
  let timer: ReturnType<typeof setTimeout>
  let closed = !globalThis.document
  let failures = 0
  /** Changes when an answer to an earlier question no longer counts. */
  let turn = 0

  const apply = (state: State) => {
    onState(state)
    set({ status: 'ready', state, stale: false })
  }
  const overtake = () => {
    turn++
    loading = undefined
  }
  const drop = (next: ClientState) => {
    overtake()
    clearTimeout(timer)
    following?.[1]()
    following = undefined
    onState(undefined)
    set(next)
  }
  const fail = ({ code = 'internal' }: Partial<StileError>) => {
    const before = get()
    const next: ClientState = { status: 'error', code, retry: load }
    if (!isPassing(code)) return drop(next)
    set(before.status === 'ready' ? { ...before, stale: true } : next)
    clearTimeout(timer)
    const MAX_BACKOFF_SECONDS = 15
    timer = setTimeout(load, Math.min(MAX_BACKOFF_SECONDS, 2 ** failures++) * (500 + Math.random() * 500))
  }
  const end = () => fail({ code: 'session_ended' })
  const load = () => {
    loading ??= read()
    return loading
  }
  const read = async () => {
    if (closed) return
    const mine = turn
    try {
      const state = (await request('GET', `/v1/state${query}`)) as State
      const name = await shared()
      if (mine !== turn) return
      failures = 0
      clearTimeout(timer)
      setNow(state.now)
      if (!following) {
        apply(state)
        // without it the state is still read when asked for
        const { follow } = await import('./follow.ts')
        if (mine !== turn) return
        following = follow(open, `/v1/events${query}`, now, setNow, get, set, apply, load, end)
      }
      following[0](state, name)
    } catch (error) {
      if (mine === turn) fail(error as StileError)
    } finally {
      if (mine === turn) loading = undefined
    }
  }

  return [
    get,
    (listener) => {
      if (get().status === 'loading') load()
      return subscribe(listener)
    },
    () => {
      overtake()
      return load()
    },
    load,
    end,
    () => {
      drop({ status: 'loading' })
      load()
    },
    () => {
      closed = true
      drop(get())
    },
  ]
}
