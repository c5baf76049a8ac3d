import type { Policy } from '@stile/policy'
import { PROBLEM_MEDIA_TYPE, type Problem } from '@stile/protocol'
import type { Body } from './requests/answer.ts'
import { createChanges } from './requests/changes.ts'
import type { ServiceContext } from './requests/context.ts'
import { createGuesses } from './requests/guesses.ts'
import { createRoutes } from './routes.ts'
import { createRecovery } from './step-ups/recovery.ts'
import { createStreams } from './stream.ts'
import { type Clock, createClock } from './world/clock.ts'
import { stateIn } from './world/decisions.ts'
import { createMailbox, type Mail } from './world/mailbox.ts'
import { newcomer, type World } from './world/world.ts'

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
  /** Moves the clock; pages that listen learn of it at once. */
  advance: (seconds: number) => void
  /** A session token for `createStile({ session })`: no one checks it here. `relogin` makes the primary login one of now. */
  session: (asked?: Readonly<{ why: 'start' | 'expired' | 'relogin' }>) => Promise<string>
  /** Every mail that was sent to `world().email`, the oldest first; the `secret` of the last one is the code to type. */
  inbox: () => readonly Mail[]
  /** Sends a recovery link, as an administrator does, and gives the token that is in it. */
  sendRecoveryLink: () => string
  /**
   * Plays the login provider and the page that it leads back to: answers the step-up that `url`, the `start` of `relogin`, belongs to.
   * With an error, such as `access_denied`, the subject did not sign in.
   */
  answerLogin: (url: string, error?: string) => Promise<void>
}>

const URL_HERE = 'https://stile.test'
const SESSION_SECONDS = 300

/**
 * Creates an in-memory service that decides by your policy with the function that the real one uses.
 *
 * It speaks the wire of the verification service so that gates, dialog and flows run unchanged. It checks codes and counts attempts, but
 * it verifies no signature and is no place to prove security: for that, mount the real service in your test.
 */
export function createTestService({ policy, clock = createClock(), given = {} }: TestServiceOptions): TestService {
  let world: World = { ...newcomer(clock.now()), ...given }
  let revision = 1
  let serial = 0
  // pages of other services must not share this one's state
  const sid = crypto.randomUUID()
  const streams = createStreams(() => stateIn(policy, world, revision, clock.now()))
  const change = (next: Partial<World>) => {
    world = { ...world, ...next }
    revision += 1
    if (world.network === 'up' && !world.refusal) streams.send()
    else streams.cut()
  }
  const nextId = (prefix: string) => {
    serial += 1
    return `${prefix}_${serial}`
  }
  const current = () => world
  const context: ServiceContext = {
    policy,
    clock,
    world: current,
    change,
    nextId,
    mailbox: createMailbox(clock, current),
    guesses: createGuesses(clock, current, change),
    changes: createChanges(clock),
  }
  const recovery = createRecovery(context)
  const routes = createRoutes(context, recovery, () => revision)

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const { headers, method, signal, url } = request
    if (world.network === 'down') throw new TypeError('Failed to fetch')
    if (world.network === 'slow') return new Promise<Response>((_, reject) => whenAborted(signal, reject))
    if (world.refusal) return respond(world.refusal.status, world.refusal)
    const { pathname } = new URL(url)
    if (pathname === '/v1/events') return streams.open(signal, headers.get('last-event-id'))
    const { status, body } = routes(method, pathname, await bodyOf(request))
    return respond(status, body)
  }

  const session: TestService['session'] = async (asked) => {
    if (!world.signedIn) throw new Error('Nobody is signed in.')
    const now = clock.now()
    if (asked?.why === 'relogin') change({ loginAt: now })
    return `test.${btoa(JSON.stringify({ sub: 'subject', sid, iat: now, exp: now + SESSION_SECONDS }))}.unsigned`
  }

  const advance = (seconds: number) => {
    clock.advance(seconds)
    change({})
  }

  const answerLogin = async (url: string, error?: string) => {
    const state = new URL(url).searchParams.get('state') ?? ''
    const response = error === undefined ? { code: 'test', state } : { error, state }
    routes('POST', `/v1/step-ups/${state.split('.')[0]}/attempts`, { method: 'relogin', response })
  }

  return {
    url: URL_HERE,
    fetch,
    clock,
    world: current,
    given: change,
    advance,
    session,
    inbox: context.mailbox.inbox,
    sendRecoveryLink: recovery.sendLink,
    answerLogin,
  }
}

async function bodyOf(request: Request): Promise<Body> {
  const text = await request.text()
  return text ? (JSON.parse(text) as Body) : {}
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
