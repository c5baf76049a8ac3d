import type { createOpenStreams, Lane } from '../../changes/limits.ts'
import { watchState } from '../../changes/state-watch.ts'
import { stateOf } from '../../decisions/state.ts'
import { StileError } from '../../error.ts'
import { sessionKey } from '../../sessions/session-key.ts'
import { budgetOf } from '../../standing/budget.ts'
import { loadStanding } from '../../standing/standing.ts'
import { audienceFor } from '../../tokens/audience.ts'
import type { SubjectCall } from '../access/subject-access.ts'
import type { HttpContext } from '../context.ts'
import type { Handler } from '../endpoint/endpoint.ts'
import { openEventStream } from '../endpoint/sse.ts'

/** How long a client should wait before it opens another stream, in seconds. */
const RETRY_SECONDS = 10

/** `GET /v1/events`: the state as a stream, until the session ends. */
export function events(
  context: HttpContext,
  { openStreams, lane }: Readonly<{ openStreams: ReturnType<typeof createOpenStreams>; lane: Lane }>,
): Handler<SubjectCall> {
  return async (call) => {
    const { caller, running, response } = call
    const { domain, stream } = running
    const audience = audienceFor(domain, caller, call.query('audience'))
    const revision = await stream.sync()
    const standing = await lane(() => loadStanding(domain, caller))
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
      load: () => lane(async () => stateOf(domain, await loadStanding(domain, caller), audience)),
      ...(known === String(revision) ? { knownRevision: revision } : {}),
      onState: (state) => output.send({ id: String(state.revision), event: 'state', data: state }),
      onEnd(why, fault) {
        if (why === 'session_ended') output.send({ event: 'end', data: { code: 'session_ended' } })
        if (fault !== undefined) context.reportFault(fault, 'an event stream ended early')
        output.end()
      },
    })
    const timer = setInterval(() => {
      output.beat()
      watch.tick()
    }, context.options.heartbeatSeconds * 1000)
    const forget = context.onClose(() => output.end())
    output.onClose(() => {
      clearInterval(timer)
      watch.close()
      leave()
      forget()
    })
    return undefined
  }
}
