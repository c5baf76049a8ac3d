import type { State } from '@stile/protocol'
import { isPassing, StileError } from './error.ts'
import type { Following } from './follow.ts'
import { observable } from './lib/observable.ts'
import type { Service } from './service.ts'
import type { ClientState } from './stile.ts'

/** The state, kept current. */
export type LiveState = readonly [
  get: () => ClientState,
  subscribe: (listener: () => void) => () => void,
  /** Reads the state again; what was asked for earlier does not count. Never rejects. */
  refresh: () => Promise<void>,
  /** Reads the state, or joins who reads it. Never rejects. */
  load: () => Promise<void>,
  /** Ends the state with the code `session_ended`. */
  end: () => void,
  close: () => void,
]

const MAX_BACKOFF_SECONDS = 15

/**
 * Loads the state and, after the first, what follows it (`follow.ts`).
 *
 * @param now  the service's clock as far as it is known, in seconds since the epoch; `setNow` corrects it
 * @param shared  what tabs that may share a state have in common besides their subject: service, session and device key
 * @param onState  called with every state that replaces the former, before the listeners; `undefined` when the state is lost
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
  let begun = false
  let closed = !globalThis.document
  /** A refresh was asked for meanwhile: an answer to an earlier question does not count. */
  let again = false
  let failures = 0

  const apply = (state: State) => {
    onState(state)
    set({ status: 'ready', state, stale: false })
  }
  const fail = (error: Partial<StileError>) => {
    if (closed) return
    const { code = 'internal' } = error
    const passing = isPassing(code)
    const before = get()
    if (before.status === 'ready' && passing) set({ ...before, stale: true })
    else set({ status: 'error', code, retry: load })
    clearTimeout(timer)
    if (passing) timer = setTimeout(load, Math.min(MAX_BACKOFF_SECONDS, 2 ** failures++) * (500 + Math.random() * 500))
    else {
      onState(undefined)
      following?.[1]()
      following = undefined
    }
  }
  const end = () => fail(new StileError('session_ended'))
  const load = () => {
    loading ??= read()
      .catch(fail)
      .finally(() => {
        loading = undefined
      })
    return loading
  }
  const read = async () => {
    if (closed) return
    let state: State
    do {
      again = false
      state = (await request('GET', `/v1/state${query}`)) as State
    } while (again)
    const name = await shared()
    if (closed) return
    failures = 0
    clearTimeout(timer)
    setNow(state.now)
    if (!following) {
      apply(state)
      // without it the state is still read when asked for
      const { follow } = await import('./follow.ts')
      if (closed) return
      following = follow(open, `/v1/events${query}`, now, setNow, get, set, apply, load, end)
    }
    following[0](state, name)
  }

  return [
    get,
    (listener) => {
      if (!begun) load()
      begun = true
      return subscribe(listener)
    },
    () => {
      again = true
      return load()
    },
    load,
    end,
    () => {
      closed = true
      clearTimeout(timer)
      following?.[1]()
    },
  ]
}
