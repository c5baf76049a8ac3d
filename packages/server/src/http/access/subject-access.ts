import { setImmediate } from 'node:timers/promises'
import type { Lane } from '../../changes/lane.ts'
import { deviceName } from '../../devices/device-name.ts'
import { seeDevice } from '../../devices/devices.ts'
import { StileError } from '../../error.ts'
import { isOrigin } from '../../options/origins.ts'
import type { Credentials } from '../../sessions/authenticate.ts'
import type { Caller, OpenCaller, Recognized } from '../../sessions/caller.ts'
import { storeTaking } from '../../sessions/pending-proof.ts'
import type { HttpContext, Running } from '../context.ts'
import type { Access, Call, Handler } from '../endpoint/endpoint.ts'
import { clientOf, corsHeaders, preflightHeaders } from './cors.ts'

/** A request of a subject: session token and device proof have been verified. */
export type SubjectCall = Call & Readonly<{ caller: Caller }>

/** A request of a subject whose session may be over. */
export type RecognizedCall = Call & Readonly<{ recognized: Recognized }>

/** The methods whose handlers read a body. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PATCH'])

type SubjectAccessOptions = Readonly<{
  /** Whether it is for a stream, which a page holds open by itself: it is no use of the session. */
  isStream?: boolean
  /** When a request has its turn. Default: at once. */
  lane?: Lane
}>

/**
 * Access for the pages of a product: the origin must be a client's, and the session token comes with a proof of the device key.
 *
 * Every answer carries a nonce for the next proof (RFC 9449 §8.2), refusals too.
 */
export function subjectAccess(
  context: HttpContext,
  { isStream = false, lane = (task) => task() }: SubjectAccessOptions = {},
): Access<SubjectCall> {
  const admit = async (call: Call, credentials: Credentials): Promise<SubjectCall> => {
    const { callers } = call.running
    const active = !isStream && (credentials.active ?? true)
    const { found: caller, json } = await askedWithBody(call, (more) => callers.authenticate({ ...credentials, ...more, active }))
    await see(call, caller)
    return { ...call, json, caller }
  }
  return accessOf(context, (call, credentials) => lane(() => admit(call, credentials)))
}

/** Access for the pages of a product, whoever uses them: the origin must be a client's. Every answer carries a nonce. */
export function pageAccess(context: HttpContext): Access<Call> {
  return accessOf(context, async (call) => call)
}

/**
 * The same as for subjects, for what somebody may ask whose session is over: the endpoints of step-ups, which tell the two apart.
 *
 * The proof of somebody in a session is remembered with what the domain writes first, which spares a commit; {@link answerTaking} does it at the
 * latest.
 */
export function recognizedAccess(context: HttpContext): Access<RecognizedCall> {
  return accessOf(context, async (call, credentials) => {
    const { callers } = call.running
    let proof: OpenCaller['proof']
    try {
      const { found: recognized, json } = await askedWithBody(call, async (more) => {
        const found = await callers.recognize({ ...credentials, ...more }, { defersProof: true, proof })
        if (found.status === 'open') proof = found.proof
        return found
      })
      if (recognized.status === 'ended') return { ...call, json, recognized }
      const admitted = { ...call, json, recognized, running: runningTaking(call.running, recognized) }
      await see(admitted, recognized.caller)
      return admitted
    } catch (refusal) {
      // such as a body that came late and is none
      await proof?.take()
      throw refusal
    }
  })
}

/** A handler after which the proof of the request is remembered, whatever comes of it; a proof that was used before is refused instead. */
export function answerTaking(handler: Handler<RecognizedCall>): Handler<RecognizedCall> {
  return async (call) => {
    try {
      return await handler(call)
    } finally {
      await takeProofOf(call.recognized)
    }
  }
}

async function takeProofOf(recognized: Recognized): Promise<void> {
  if (recognized.status === 'open') await recognized.proof?.take()
}

function runningTaking(running: Running, { proof }: OpenCaller): Running {
  const { domain } = running
  return proof === undefined ? running : { ...running, domain: { ...domain, store: storeTaking(domain.store, proof) } }
}

function see(call: Call, caller: Caller): Promise<void> {
  return seeDevice(call.running.domain, caller, deviceName(call.header('user-agent')))
}

/**
 * Asks who it is. A body that is still on its way can be held back until the session, the token or what the login counts for is another: then
 * it is read, and they count as who they are once it is there.
 */
async function askedWithBody<T>(
  call: Call,
  ask: (more: Pick<Credentials, 'isProofTaken'>) => Promise<T>,
): Promise<Readonly<{ found: T; json: Call['json'] }>> {
  const { request, json } = call
  const hasBody = WITH_BODY.has(request.method)
  // a body that came with the headers is parsed after the handler has begun: nobody needs to be asked twice for it
  if (hasBody && !request.complete) await setImmediate()
  const found = await ask({})
  if (request.complete || !hasBody) return { found, json }
  const body = await json()
  return { found: await ask({ isProofTaken: true }), json: async () => body }
}

function accessOf<C extends Call>({ options }: HttpContext, admit: (call: Call, credentials: Credentials) => Promise<C>): Access<C> {
  const client = (call: Call) => {
    const origin = call.header('origin')
    const found = clientOf(options, origin, origin === undefined ? call.query('audience') : undefined)
    if (found === undefined) throw originNotAllowed(options, origin)
    return found
  }
  return {
    scheme: 'DPoP',
    prepare(call) {
      const { response, running } = call
      response.vary('Origin')
      response.setHeader('DPoP-Nonce', running.callers.nonce())
      const origin = call.header('origin')
      if (origin !== undefined && clientOf(options, origin) !== undefined)
        for (const [name, value] of Object.entries(corsHeaders(origin))) response.setHeader(name, value)
    },
    preflight(call, methods) {
      client(call)
      return { status: 204, headers: preflightHeaders(methods) }
    },
    admit: (call) =>
      admit(call, {
        method: call.request.method,
        path: call.request.path,
        authorization: call.header('authorization'),
        dpop: call.header('dpop'),
        client: client(call).id,
        // what a page asks by itself, on a timer or when it is shown again, says so
        active: call.query('active') !== '0',
      }),
  }
}

/** Names the origin, and how it is let in; those that are let in stand in the log alone. */
function originNotAllowed({ clients }: HttpContext['options'], origin = ''): StileError {
  const named = isOrigin(origin) ? `the origin ${origin}` : 'an origin that is no http or https URL, such as "null" in a sandboxed frame,'
  return new StileError(
    'origin_not_allowed',
    `Pages of ${named} may not call the service. If they should, add the origin to clients[].origins in its configuration.`,
    {},
    { log: { allowedOrigins: clients.flatMap(({ origins }) => origins) } },
  )
}
