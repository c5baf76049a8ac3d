import type { Lane } from '../../changes/lane.ts'
import type { createOpenStreams } from '../../changes/limits.ts'
import type { Pulse } from '../../changes/pulse.ts'
import { shareReads } from '../../changes/shared-reads.ts'
import { watchState } from '../../changes/state-watch.ts'
import type { ChangeStream } from '../../changes/stream.ts'
import { stateOf, stateWithoutToken } from '../../decisions/state.ts'
import { StileError } from '../../error.ts'
import type { Caller } from '../../sessions/caller.ts'
import { sessionKey } from '../../sessions/session-key.ts'
import { budgetOf } from '../../standing/budget.ts'
import { loadStanding, type Standing } from '../../standing/standing.ts'
import { audienceFor } from '../../tokens/audience.ts'
import type { Domain } from '../../tokens/domain.ts'
import type { SubjectCall } from '../access/subject-access.ts'
import type { HttpContext } from '../context.ts'
import type { Handler } from '../endpoint/endpoint.ts'
import { type EventStream, openEventStream } from '../endpoint/sse.ts'

/** How long a client should wait before it opens another stream, in seconds. */
const RETRY_SECONDS = 10

/** What all event streams have in common. */
export type StreamsOptions = Readonly<{ openStreams: ReturnType<typeof createOpenStreams>; lane: Lane; pulse: Pulse }>

/** `GET /v1/events`: the state as a stream, until the session ends. */
export function events(context: HttpContext, options: StreamsOptions): Handler<SubjectCall> {
  const { openStreams, lane } = options
  let sharing: Domain | undefined
  return async (call) => {
    const { caller, running, response } = call
    const { stream } = running
    sharing ??= { ...running.domain, store: shareReads(running.domain.store, stream) }
    const domain = sharing
    const audience = audienceFor(domain, caller, call.query('audience'))
    const revision = await stream.sync()
    const cursor = stream.cursor()
    const standing = await lane(() => loadStanding(domain, caller))
    // whoever has gone meanwhile takes nobody's place
    if (response.destroyed) return undefined
    const leave = openStreams.enter(`${budgetOf(standing)} ${sessionKey(caller).subject}`)
    if (leave === undefined)
      throw new StileError('too_many_streams', 'Too many event streams of this subject are open. Close one, or wait.', {
        retryAfter: RETRY_SECONDS,
      })
    hold({
      ...options,
      context,
      domain,
      stream,
      caller,
      ...(call.query('token') !== '0' && { audience }),
      first: { cursor, standing },
      knownRevision: call.header('last-event-id') === String(revision) ? revision : undefined,
      output: openEventStream(response),
      leave,
    })
    return undefined
  }
}

type Held = StreamsOptions &
  Readonly<{
    context: HttpContext
    domain: Domain
    stream: ChangeStream
    caller: Caller
    /** What each message brings a token for; absent if the page asks for tokens itself. */
    audience?: string
    /** Where the caller stood before the watch began, and the cursor of the stream before that was read. */
    first: Readonly<{ cursor: number; standing: Standing }>
    knownRevision: number | undefined
    output: EventStream
    leave: () => void
  }>

/** Tells the state as long as the stream is open. It is apart, so that a stream holds nothing of its request. */
function hold({ context, domain, stream, caller, audience, knownRevision, output, leave, lane, pulse, first: earlier }: Held): void {
  let first: Held['first'] | undefined = earlier
  const watch = watchState({
    caller,
    stream,
    now: domain.now,
    sessionExpiresAt: () => domain.store.sessions.expiresAt(sessionKey(caller)),
    lane,
    async load(known) {
      // the one that was read first is as good as another one, unless something changed before the watch began to listen
      const isCurrent = first?.cursor === stream.cursor()
      const standing = isCurrent && first !== undefined ? first.standing : await loadStanding(domain, caller)
      first = undefined
      const found = { revision: standing.revision, changesAt: standing.license?.changesAt }
      if (standing.revision === known) return found
      return { ...found, state: audience === undefined ? stateWithoutToken(standing) : await stateOf(domain, standing, audience) }
    },
    ...(knownRevision !== undefined && { knownRevision }),
    isReady: () => !output.isWaiting(),
    onState: (state) => output.send({ id: String(state.revision), event: 'state', data: state }),
    onEnd(why, fault) {
      if (why === 'session_ended') output.send({ event: 'end', data: { code: 'session_ended' } })
      if (fault !== undefined) context.reportFault(fault, 'an event stream ended early')
      output.end()
    },
  })
  const still = pulse.add(() => {
    output.beat()
    watch.tick()
  })
  const forget = context.onClose(output.end)
  output.onClose(() => {
    still()
    watch.close()
    leave()
    forget()
  })
}
