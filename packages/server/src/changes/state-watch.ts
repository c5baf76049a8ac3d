import type { State } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { Caller } from '../sessions/caller.ts'
import { affects } from './affects.ts'
import { createBoundary } from './boundary.ts'
import type { Lane } from './lane.ts'
import type { ChangeStream } from './stream.ts'

/** What a state watch needs and whom it tells. */
export type StateWatchOptions = Readonly<{
  caller: Pick<Caller, 'subject' | 'account' | 'sid' | 'expiresAt'>
  stream: ChangeStream
  now: () => number
  /** When the session expires unless it is used, in seconds since the epoch; `null` if it was ended. */
  sessionExpiresAt: () => Promise<number | null>
  /** Computes the state as it is now; it need not make the state if that is of the revision that the caller has already. */
  load: (knownRevision: number | undefined) => Promise<Loaded>
  /** When this watch may work, among all others. Default: at once. */
  lane?: Lane
  /** Whether the client has taken what it was sent: it is told nothing until then, and then the newest state alone. Default: always. */
  isReady?: () => boolean
  /** The revision that the caller has already; the state is told first unless it still is the newest. */
  knownRevision?: number
  onState: (state: State) => void
  /** The watch is over: the session ended or expired, its token expired, or the state cannot be computed. */
  onEnd: (why: 'session_ended' | 'token_expired' | 'failed', fault?: unknown) => void
}>

/** What was found at one time. */
export type Loaded = Readonly<{
  revision: number
  /** When it changes by itself, in seconds since the epoch. */
  changesAt?: number | undefined
  /** Absent if the caller has it. */
  state?: State
}>

/** How long a client that has not taken what it was sent is left alone, in milliseconds. */
const SLOW_MILLISECONDS = 250

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
export function watchState({
  caller,
  stream,
  now,
  sessionExpiresAt,
  load,
  lane = (task) => task(),
  isReady = () => true,
  knownRevision,
  onState,
  onEnd,
}: StateWatchOptions): StateWatch {
  let running = false
  let dirty = false
  let over = false
  let known = knownRevision
  let changesAt: number | undefined
  let sessionEndsAt: number | undefined
  let later: NodeJS.Timeout | undefined

  const close = (): void => {
    over = true
    unsubscribe()
    boundary.clear()
    clearTimeout(later)
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
  /** Waits for whichever comes first: one timer for all, because there are many watches. */
  const wait = (): void => {
    if (!over) boundary.set(Math.min(caller.expiresAt, changesAt ?? Number.POSITIVE_INFINITY, sessionEndsAt ?? Number.POSITIVE_INFINITY))
  }
  /** Ends the watch with the session; one that was used meanwhile expires later. */
  const followSession = async (): Promise<void> => {
    const expiresAt = await sessionExpiresAt()
    if (expiresAt === null || expiresAt <= now()) throw new StileError('session_ended', 'This session has ended.')
    sessionEndsAt = expiresAt
  }
  /** Whether a client that is not ready is so in a moment; if not, looks again a little later. */
  const takesMoreSoon = async (): Promise<boolean> => {
    // what was sent in this turn of the event loop may be on its way still
    await new Promise((resolve) => setImmediate(resolve))
    if (over) return false
    if (isReady()) return true
    later = setTimeout(() => void refresh(), SLOW_MILLISECONDS)
    later.unref()
    return false
  }
  const look = async (): Promise<Loaded> => {
    // the lane may have let it wait until it was over
    if (!over) await followSession()
    return over ? { revision: 0 } : await load(known)
  }
  const refresh = async (): Promise<void> => {
    dirty = true
    if (running) return
    running = true
    clearTimeout(later)
    try {
      while (dirty && !over) {
        if (!isReady() && !(await takesMoreSoon())) break
        dirty = false
        const { state, ...found } = await lane(look)
        if (over) return
        changesAt = found.changesAt
        wait()
        if (state !== undefined && found.revision !== known) onState(state)
        known = undefined
      }
    } catch (fault) {
      fail(fault)
    } finally {
      running = false
    }
  }
  const pass = (): void => {
    const time = now()
    if (caller.expiresAt <= time) {
      end('token_expired')
      return
    }
    if (sessionEndsAt !== undefined && sessionEndsAt <= time) {
      sessionEndsAt = undefined
      void followSession().then(wait).catch(fail)
    }
    if (changesAt !== undefined && changesAt <= time) {
      changesAt = undefined
      void refresh()
    }
    wait()
  }

  const boundary = createBoundary(now, pass)
  const unsubscribe = stream.subscribe((changes) => {
    let isAffected = false
    for (const each of changes) {
      const effect = affects(each, caller)
      if (effect === 'end') {
        end('session_ended')
        return
      }
      if (effect === 'state') isAffected = true
    }
    if (isAffected) void refresh()
  })
  wait()
  if (!over) void refresh()
  return { tick: boundary.check, close }
}
