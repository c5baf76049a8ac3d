import { formatPosition, openFeed, parsePosition } from '../../changes/feed.ts'
import { StileError } from '../../error.ts'
import type { KeyCall } from '../access/key-access.ts'
import type { HttpContext } from '../context.ts'
import type { Handler } from '../endpoint/endpoint.ts'
import { clientTakesMore } from '../endpoint/pace.ts'
import { type EventStream, openEventStream } from '../endpoint/sse.ts'

/** The longest pause between two checkpoints, in seconds. */
const CHECKPOINT_SECONDS = 10

/** `GET /v1/feed`: changes for guards, each stream opening with a signed checkpoint that is repeated at least every ten seconds. */
export function feed(context: HttpContext): Handler<KeyCall> {
  return async (call) => {
    const { running, response } = call
    const from = call.header('last-event-id') ?? call.query('after')
    const resume = parsePosition(from)
    if (from !== undefined && resume === undefined)
      throw new StileError(
        'invalid_request',
        'The position to resume from is not "<generation>:<cursor>". Send the id of the last message.',
      )
    let output: EventStream | undefined
    const early: (() => void)[] = []
    const stop = (fault: unknown): void => {
      if (!(fault instanceof StileError)) context.reportFault(fault, 'a feed ended early')
      output?.end()
    }
    const source = await openFeed({
      ...running,
      resume,
      send(event, position) {
        const write = (): void => output?.send({ id: formatPosition(position), event: event.type, data: event })
        if (output === undefined) early.push(write)
        else write()
        return clientTakesMore(response)
      },
      onFault: stop,
    })
    // nothing is sent before the first checkpoint could be made: until then a failure still is a problem body
    output = openEventStream(response)
    for (const write of early) write()
    const seconds = Math.min(CHECKPOINT_SECONDS, context.options.heartbeatSeconds)
    const timer = setInterval(() => {
      call
        .again()
        .then(() => source.checkpoint())
        .catch(stop)
    }, seconds * 1000)
    const forget = context.onClose(() => output.end())
    output.onClose(() => {
      clearInterval(timer)
      source.close()
      forget()
    })
    return undefined
  }
}
