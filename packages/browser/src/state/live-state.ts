import type { State } from '@stile/protocol'
import { isPassing, isState, observable, type StileCode, StileError, toStileError } from '../base.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceClient } from '../service/service-client.ts'
import type { ClientState } from '../stile.ts'
import type { Following } from './follow.ts'

/** The state, kept current. */
export type LiveState = Readonly<{
  get: () => ClientState
  subscribe: (listener: () => void) => () => void
  /** Reads the state again. The answers to earlier questions do not count. Never rejects. */
  refresh: () => Promise<void>
  /** Reads the state, or joins a reading that is under way. Never rejects. */
  load: () => Promise<void>
  /** Replaces what is known, if it is known better than what was read. */
  apply: (state: State) => void
  /** Ends the state with the code `session_ended`. The answers to earlier questions do not count. */
  end: () => void
  /** Drops the state and reads that of the subject who is signed in now. */
  restart: () => void
  /** Notes that the user did something: the next reading says so, and draws out the session. */
  use: () => void
  close: () => void
}>

/** What a live state is made of. */
export type LiveStateOptions = Readonly<{
  service: ServiceClient
  /** The audience of the token that the state brings. */
  audience: string
  clock: Clock
  /** What tabs that may share a state have in common besides their subject: service, session and device key. */
  sharedName: () => Promise<string>
  /** Called with every state that replaces the former, before the listeners; with `undefined` when it is lost. */
  onState: (state: State | undefined) => void
  /** Called when the state cannot be read and somebody should know why. */
  onFault: (error: StileError) => void
  /** Called when another tab has found that somebody else is signed in, before the state is read again. */
  onOtherSubject: () => void
}>

const MAX_BACKOFF_SECONDS = 15
/** Nobody is signed in: that is no fault. */
const OF_SIGNED_OUT: ReadonlySet<StileCode> = new Set(['session_ended', 'session_unavailable'])

/** Loads the state and, after the first, what follows it. On a server the state stays `loading`. */
export function createLiveState({ service, audience, clock, sharedName, onState, onFault, onOtherSubject }: LiveStateOptions): LiveState {
  const { get, set, subscribe } = observable<ClientState>({ status: 'loading' })
  const query = `?audience=${encodeURIComponent(audience)}`
  let loading: Promise<void> | undefined
  let following: Following | undefined
  /** Whether the state that is shown is the one that is followed. */
  let isFollowing = false
  let timer: ReturnType<typeof setTimeout>
  let closed = !globalThis.document
  let failures = 0
  /** Whether somebody looks at it: nobody waits for a stream otherwise. */
  let isWatched = false
  /** Whether the user did something since the last reading: opening the page is the first. */
  let used = true
  /** Changes when the answer to an earlier question no longer counts. */
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
    following?.leave()
    isFollowing = false
    onState(undefined)
    set(next)
    // a page that is in error is read again when it is looked at
    startFollowing().catch(() => {})
  }
  const startFollowing = async () => {
    const { follow } = await import('./follow.ts')
    if (!closed)
      following ??= follow({
        ...service,
        query,
        clock,
        get,
        set,
        apply,
        load,
        end,
        onOther,
        forget,
        isWatched: () => isWatched,
      })
  }
  const fail = (error: StileError) => {
    const { code, problem } = error
    const before = get()
    const passing = isPassing(code)
    const next: ClientState = { status: 'error', code, problem, passing, retry: load }
    if (!OF_SIGNED_OUT.has(code)) onFault(error)
    if (!passing) {
      // a sign-in that is under way is to go on while the page asks again in vain
      return before.status === 'error' && before.code === code ? set(next) : drop(next)
    }
    set(before.status === 'ready' ? { ...before, stale: true } : next)
    clearTimeout(timer)
    timer = setTimeout(load, Math.min(MAX_BACKOFF_SECONDS, 2 ** failures++) * (500 + Math.random() * 500))
  }
  const end = () => fail(new StileError('session_ended'))
  const forget = () => drop({ status: 'loading' })
  const onOther = () => {
    onOtherSubject()
    if (!document.hidden) load()
  }
  const load = () => {
    loading ??= read()
    return loading
  }
  const read = async () => {
    if (closed) return
    const mine = turn
    try {
      const answer = service.request('GET', `/v1/state${query}&active=${+used}`)
      used = false
      const state = await answer
      if (!isState(state)) throw new StileError('service_unavailable', undefined, new Error('What it answered is no state.'))
      const name = await sharedName()
      if (mine !== turn) return
      failures = 0
      clearTimeout(timer)
      clock.setServiceNow(state.now)
      if (!isFollowing) {
        isFollowing = true
        apply(state)
        // if it cannot be loaded, the state is still read when it is asked for
        await startFollowing()
        if (mine !== turn) return
      }
      following?.offer({ state, sharedName: name })
    } catch (error) {
      if (mine === turn) fail(toStileError(error, 'internal'))
    } finally {
      if (mine === turn) loading = undefined
    }
  }

  return {
    get,
    subscribe: (listener) => {
      isWatched = true
      if (get().status === 'loading') load()
      return subscribe(listener)
    },
    refresh: () => {
      overtake()
      return load()
    },
    load,
    apply,
    end,
    restart: () => {
      forget()
      load()
    },
    use: () => {
      used = true
    },
    close: () => {
      closed = true
      drop(get())
      following?.close()
    },
  }
}
