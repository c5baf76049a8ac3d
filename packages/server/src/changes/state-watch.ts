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
  /** When the session expires unless it is used, in seconds since the epoch; `null` if it was ended. */
  sessionExpiresAt: () => Promise<number | null>
  /** Computes the state as it is now. */
  load: () => Promise<State>
  /** The revision that the caller has already; the state is told first unless it still is the newest. */
  knownRevision?: number
  onState: (state: State) => void
  /** The watch is over: the session ended or expired, its token expired, or the state cannot be computed. */
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
 * A watch is no use of the session: it ends when that expires. A burst of changes is one computation; what arrives while one runs leads to exactly one more.
 */
export function watchState({ caller, stream, now, sessionExpiresAt, load, knownRevision, onState, onEnd }: StateWatchOptions): StateWatch {
  let running = false
  let dirty = false
  let over = false
  let known = knownRevision

  const close = (): void => {
    over = true
    unsubscribe()
    expiry.clear()
    change.clear()
    session.clear()
  }
  const end: StateWatchOptions['onEnd'] = (why, fault) => {
    if (over) return
    close()
    onEnd(why, fault)
  }
  const fail = (fault: unknown): void => {
    const ended = fault instanceof StileError && fault.code === 'session_ended'
    end(ended ? 'session_ended' : 'failed', ended ? undefined : fault)
  }
  /** Ends the watch with the session; one that was used meanwhile expires later. */
  const followSession = async (): Promise<void> => {
    const expiresAt = await sessionExpiresAt()
    if (expiresAt === null || expiresAt <= now()) throw new StileError('session_ended', 'This session has ended.')
    if (!over) session.set(expiresAt)
  }
  const refresh = async (): Promise<void> => {
    dirty = true
    if (running) return
    running = true
    try {
      while (dirty && !over) {
        dirty = false
        await followSession()
        const state = await load()
        if (over) return
        change.set(state.license?.changesAt)
        if (state.revision !== known) onState(state)
        known = undefined
      }
    } catch (fault) {
      fail(fault)
    } finally {
      running = false
    }
  }

  const expiry = createBoundary(now, () => end('token_expired'))
  const change = createBoundary(now, () => void refresh())
  const session = createBoundary(now, () => void followSession().catch(fail))
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
      session.check()
    },
    close,
  }
}
