import { type Decision, type IssuedToken, type Problem, type ProblemCode, problem, type State, type StepUp } from '@stile/protocol'
import { inject, onTestFinished } from 'vitest'
import { createStile } from './client.ts'
import type { Stile, StileOptions } from './stile.ts'

/** One request as it arrived. */
export type Arrived = Readonly<{
  route: string
  request: Request
  headers: Headers
  body: unknown
  redirect: string
  signal: AbortSignal | null | undefined
}>
/** Answers a request; throwing is a network that fails. */
export type Answer = (arrived: Arrived) => Response | Promise<Response>

export const SERVICE = 'https://id.example'
export const API = 'https://api.example'
export const NOW = 1_800_000_000

/** The wire: answers by `METHOD path`, and what arrived. */
export function wire(answers: Record<string, Answer>): {
  fetch: typeof fetch
  arrived: Arrived[]
  answers: Record<string, Answer>
  seen: (route: string) => Arrived[]
} {
  const arrived: Arrived[] = []
  const seen = (route: string) => arrived.filter((each) => each.route === route)
  return {
    answers,
    arrived,
    seen,
    fetch: async (input, init = {}) => {
      // jsdom's signals are not those of the platform's Request: they are followed by hand
      const { signal, ...rest } = init
      const request = new Request(input, rest)
      const { origin, pathname } = new URL(request.url)
      const route = `${request.method} ${origin === SERVICE ? '' : origin}${pathname}`
      const text = await request.clone().text()
      const one = { route, request, headers: request.headers, body: text ? tryJson(text) : undefined, redirect: request.redirect, signal }
      // as the platform does: what was aborted before it could be sent is not sent
      if (signal?.aborted) throw new DOMException('aborted', 'AbortError')
      arrived.push(one)
      const answer = answers[route]
      if (!answer) throw new TypeError(`Failed to fetch ${route}`)
      const answered = Promise.resolve(answer(one))
      if (!signal) return answered
      return Promise.race([
        answered,
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))),
      ])
    },
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', 'dpop-nonce': 'n1', ...headers } })
}

export function refuse(code: ProblemCode, members: Partial<Problem> = {}, headers: Record<string, string> = {}): Response {
  const body = problem(code, `because ${code}`, members)
  // every 401 carries a challenge
  const authenticate = body.status === 401 ? { 'www-authenticate': `DPoP error="${code}"` } : {}
  return json(body, body.status, { ...authenticate, ...headers })
}

/** A guard's challenge. */
export function challenge(error: string, members: Partial<Problem> = {}, parameters = ''): Response {
  return refuse(error as ProblemCode, members, { 'www-authenticate': `DPoP error="${error}"${parameters}` })
}

export function token(name: string, over: Partial<IssuedToken> = {}): IssuedToken {
  return { token: name, expiresAt: NOW + 300, acr: 'urn:stile:acr:session', amr: ['pwd'], authTime: NOW - 10, ...over }
}

export function decision(feature: string, over: object = {}): Decision {
  return { feature, policy: 'digest', reasons: [], enforced: true, outcome: 'permit', ...over } as Decision
}

export const MFA = { level: 'mfa', maxAgeSeconds: 900 } as const

export function state(over: Partial<State> = {}): State {
  return {
    revision: 1,
    now: NOW,
    subject: 'demo|u1',
    account: 'acme',
    license: null,
    tiers: [],
    decisions: {
      'reports.view': decision('reports.view'),
      'reports.export': decision('reports.export', { outcome: 'step_up', requirement: MFA, next: { methods: ['totp'] } }),
    },
    risk: { band: 'normal', reasons: [] },
    authenticators: [],
    token: token('session-level'),
    ...over,
  }
}

export function openStepUp(over: object = {}): StepUp {
  return {
    id: 'su_1',
    feature: 'reports.export',
    requirement: MFA,
    expiresAt: NOW + 300,
    status: 'open',
    methods: [{ method: 'totp' }],
    attemptsLeft: 5,
    ...over,
  } as StepUp
}

export function doneStepUp(name = 'mfa-level'): StepUp {
  const { id, feature, requirement, expiresAt } = openStepUp()
  return { id, feature, requirement, expiresAt, status: 'done', issued: token(name, { acr: 'urn:stile:acr:mfa' }) }
}

/** A session token with these claims; its signature is nobody's. */
export function jwt(claims: object): string {
  return ['{}', JSON.stringify(claims), ''].map((part) => btoa(part).replaceAll('=', '')).join('.')
}

/** A client over the wire, with a service that answers the usual. */
export function setup(answers: Record<string, Answer> = {}, options: Partial<StileOptions> = {}) {
  const net = wire({
    'GET /v1/state': () => json(state()),
    'POST /v1/step-ups': () => json(openStepUp(), 201),
    'POST /v1/step-ups/su_1/attempts': () => json(doneStepUp()),
    'POST /v1/tokens': () => json(token('fresh')),
    ...answers,
  })
  const why: string[] = []
  const stile: Stile = createStile({
    service: SERVICE,
    session: async (asked) => {
      why.push(asked.why)
      return jwt({ iat: NOW, exp: NOW + 300, sid: 's1', n: why.length })
    },
    audiences: { api: [API] },
    fetch: net.fetch,
    now: () => NOW,
    ...options,
  })
  // no stream or timer outlives the page of its test
  onTestFinished(stile.close)
  return { ...net, stile, why }
}

/** Waits until something holds. */
export async function until(holds: () => unknown): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > inject('limits').wait / 5) throw new Error(`It never came to hold: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The claims of a DPoP proof. */
export function proofOf(arrived: Arrived, header = 'dpop'): Record<string, unknown> {
  const part = arrived.headers.get(header)?.split('.')[1] ?? ''
  return JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')))
}
