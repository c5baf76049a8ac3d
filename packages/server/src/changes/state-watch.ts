import type { State } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { Caller } from '../sessions/caller.ts'
import { affects } from './affects.ts'
import { createBoundary } from './boundary.ts'
import type { ChangeStream } from './stream.ts'

/** What a state watch needs and whom it tells. */
export type StateWatchOptions = Readonly<{
  caller: Pick<Caller, 'subject' | 'account' | 'sid' | 'expiresAt'>
  stream: ChangeStream
  now: () => number
  /** Computes the state as it is now. */
  load: () => Promise<State>
  /** The revision that the caller has already; the state is told first unless it still is the newest. */
  knownRevision?: number
  onState: (state: State) => void
  /** The watch is over: the session ended, its token expired, or the state cannot be computed. */
  onEnd: (why: 'session_ended' | 'token_expired' | 'failed', fault?: unknown) => void
}>

export type StateWatch = Readonly<{
  /** Looks at the clock: to be called now and then, for clocks that jump. */
  tick(): void
  close(): void
}>

/**
 * Tells one caller each new state: once at the start, after each change that concerns it, and when its license changes by itself.
 *
 * A burst of changes is one computation; what arrives while one runs leads to exactly one more.
 */
export function watchState({ caller, stream, now, load, knownRevision, onState, onEnd }: StateWatchOptions): StateWatch {
  let running = false
  let dirty = false
  let over = false
  let known = knownRevision

  const close = (): void => {
    over = true
    unsubscribe()
    expiry.clear()
    change.clear()
  }
  const end: StateWatchOptions['onEnd'] = (why, fault) => {
    if (over) return
    close()
    onEnd(why, fault)
  }
  const refresh = async (): Promise<void> => {
    dirty = true
    if (running) return
    running = true
    try {
      while (dirty && !over) {
        dirty = false
        const state = await load()
        if (over) return
        change.set(state.license?.changesAt)
        if (state.revision !== known) onState(state)
        known = undefined
      }
    } catch (fault) {
      const ended = fault instanceof StileError && fault.code === 'session_ended'
      end(ended ? 'session_ended' : 'failed', ended ? undefined : fault)
    } finally {
      running = false
    }
  }

  const expiry = createBoundary(now, () => end('token_expired'))
  const change = createBoundary(now, () => void refresh())
  const unsubscribe = stream.subscribe((changes) => {
    const effects = changes.map((each) => affects(each, caller))
    if (effects.includes('end')) end('session_ended')
    else if (effects.includes('state')) void refresh()
  })
  expiry.set(caller.expiresAt)
  if (!over) void refresh()
  return {
    tick() {
      expiry.check()
      change.check()
    },
    close,
  }
}
