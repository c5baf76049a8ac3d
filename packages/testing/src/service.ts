import type { Policy } from '@stile/policy'
import { PROBLEM_MEDIA_TYPE, type Problem } from '@stile/protocol'
import { type Clock, createClock } from './clock.ts'
import { stateIn } from './decisions.ts'
import { answer } from './routes.ts'
import { NOBODY_HAS, type World } from './world.ts'

/** How a test service is made. */
export type TestServiceOptions = Readonly<{
  policy: Policy
  clock?: Clock
  /** What is so from the beginning. */
  given?: Partial<World>
}>

/** An in-memory service: hand its `fetch` to `createStile` and nothing leaves the page. */
export type TestService = Readonly<{
  url: string
  fetch: typeof globalThis.fetch
  clock: Clock
  /** The world as it is now. */
  world: () => World
  /** Changes the world; pages that listen learn of it at once. */
  given: (change: Partial<World>) => void
  /** A session token for `createStile({ session })`: no one checks it here. */
  session: () => Promise<string>
}>

const URL_HERE = 'https://stile.test'

/**
 * Creates an in-memory service that decides by your policy with the function that the real one uses.
 *
 * It speaks the wire of the verification service so that gates, dialog and flows run unchanged. It checks codes and counts attempts, but
 * it verifies no signature and is no place to prove security: for that, mount the real service in your test.
 */
export function createTestService({ policy, clock = createClock(), given = {} }: TestServiceOptions): TestService {
  let world: World = { ...NOBODY_HAS, ...given }
  let revision = 1
  const listeners = new Set<() => void>()
  const change = (next: Partial<World>) => {
    world = { ...world, ...next }
    revision += 1
    for (const listener of listeners) listener()
  }
  const state = () => stateIn(policy, world, revision, clock.now())
  const routes = answer({ policy, clock, world: () => world, change, state })

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    if (world.network === 'down') throw new TypeError('Failed to fetch')
    if (world.network === 'slow') return new Promise<Response>((_, reject) => whenAborted(request.signal, reject))
    const path = new URL(request.url).pathname
    if (path === '/v1/events') return events(request.signal)
    const { status, body } = await routes(request.method, path, await bodyOf(request))
    return respond(status, body)
  }

  function events(signal: AbortSignal): Response {
    const encoder = new TextEncoder()
    let stop = () => {}
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        const send = () => controller.enqueue(encoder.encode(`id: ${revision}\nevent: state\ndata: ${JSON.stringify(state())}\n\n`))
        stop = () => listeners.delete(send)
        listeners.add(send)
        signal.addEventListener('abort', () => {
          stop()
          controller.error(signal.reason)
        })
        send()
      },
      cancel: () => stop(),
    })
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  }

  return { url: URL_HERE, fetch, clock, world: () => world, given: change, session: async () => sessionToken(clock.now()) }
}

async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  return text ? (JSON.parse(text) as Record<string, unknown>) : {}
}

function respond(status: number, body: unknown): Response {
  if (body === undefined) return new Response(null, { status })
  const isProblem = status >= 400
  const headers: Record<string, string> = { 'content-type': isProblem ? PROBLEM_MEDIA_TYPE : 'application/json' }
  if (status === 401) headers['www-authenticate'] = `DPoP error="${(body as Problem).code}"`
  return new Response(JSON.stringify(body), { status, headers })
}

function whenAborted(signal: AbortSignal, reject: (reason: unknown) => void): void {
  if (signal.aborted) reject(signal.reason)
  signal.addEventListener('abort', () => reject(signal.reason))
}

function sessionToken(now: number): string {
  return `test.${btoa(JSON.stringify({ sub: 'subject', iat: now, exp: now + 300 }))}.unsigned`
}
