import type { Lane } from '../../changes/lane.ts'
import type { createOpenStreams } from '../../changes/limits.ts'
import type { Pulse } from '../../changes/pulse.ts'
import { shareReads } from '../../changes/shared-reads.ts'
import { watchState } from '../../changes/state-watch.ts'
import { stateOf, stateWithoutToken } from '../../decisions/state.ts'
import { StileError } from '../../error.ts'
import { sessionKey } from '../../sessions/session-key.ts'
import { budgetOf } from '../../standing/budget.ts'
import { loadStanding, type Standing } from '../../standing/standing.ts'
import { audienceFor } from '../../tokens/audience.ts'
import type { Domain } from '../../tokens/domain.ts'
import type { SubjectCall } from '../access/subject-access.ts'
import type { HttpContext } from '../context.ts'
import type { Handler } from '../endpoint/endpoint.ts'
import { openEventStream } from '../endpoint/sse.ts'

/** How long a client should wait before it opens another stream, in seconds. */
const RETRY_SECONDS = 10

/** What all event streams have in common. */
export type StreamsOptions = Readonly<{ openStreams: ReturnType<typeof createOpenStreams>; lane: Lane; pulse: Pulse }>

/** `GET /v1/events`: the state as a stream, until the session ends. */
export function events(context: HttpContext, { openStreams, lane, pulse }: StreamsOptions): Handler<SubjectCall> {
  let sharing: Domain | undefined
  return async (call) => {
    const { caller, running, response } = call
    const { stream } = running
    sharing ??= { ...running.domain, store: shareReads(running.domain.store, stream) }
    const domain = sharing
    const audience = audienceFor(domain, caller, call.query('audience'))
    const withToken = call.query('token') !== '0'
    const revision = await stream.sync()
    const cursor = stream.cursor()
    const standing = await lane(() => loadStanding(domain, caller))
    let first: Readonly<{ cursor: number; standing: Standing }> | undefined = { cursor, standing }
    const leave = openStreams.enter(`${budgetOf(standing)} ${sessionKey(caller).subject}`)
    if (leave === undefined)
      throw new StileError('too_many_streams', 'Too many event streams of this subject are open. Close one, or wait.', {
        retryAfter: RETRY_SECONDS,
      })
    const known = call.header('last-event-id')
    const output = openEventStream(response)
    const watch = watchState({
      caller,
      stream,
      now: domain.now,
      sessionExpiresAt: () => domain.store.sessions.expiresAt(sessionKey(caller)),
      lane,
      async load(knownRevision) {
        // the one that was read first is as good as another one, unless something changed before the watch began to listen
        const isFirst = first?.cursor === stream.cursor()
        const now = isFirst && first !== undefined ? first.standing : await loadStanding(domain, caller)
        first = undefined
        const found = { revision: now.revision, changesAt: now.license?.changesAt }
        if (now.revision === knownRevision) return found
        return { ...found, state: withToken ? await stateOf(domain, now, audience) : stateWithoutToken(now) }
      },
      ...(known === String(revision) ? { knownRevision: revision } : {}),
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
    const forget = context.onClose(() => output.end())
    output.onClose(() => {
      still()
      watch.close()
      leave()
      forget()
    })
    return undefined
  }
}
