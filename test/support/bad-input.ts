import { PROBLEM_CODES, PROBLEMS, type ProblemCode } from '@stile/protocol'
import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { expect } from 'vitest'
import { MARKER } from './bad-bodies.ts'
import { begin, changeWithCode, enrollPasskey, enrollTotp } from './ceremonies.ts'
import { type Answer, answerOf, type NodeClient } from './node-client.ts'
import { type Stack, startStack } from './stack.ts'
import { codeAt } from './totp.ts'

/** One endpoint, and how a request gets to it. */
export type Endpoint = Readonly<{
  method: string
  path: () => string
  /** A body that would be taken, if there is one. */
  good?: unknown
  /** Whether a good answer proves or changes something that a bad one must not. */
  proves?: true
  send: (method: string, path: string, body: unknown, other?: Parameters<NodeClient['service']>[3]) => Promise<Answer>
}>

/** The license that a test may write. */
export const LICENSE = {
  tier: 'pro',
  state: 'active',
  features: ['reports.view'],
  endsAt: 4_000_000_000,
  requires: { level: 'mfa', maxAgeSeconds: 60, methods: ['totp'] },
}

/** A stack in which a subject has a step-up and an enrolment open, so that bad input gets as far as it can. */
export type Target = Readonly<{
  stack: Stack
  alice: NodeClient
  /** Alice's passkey. */
  emulator: WebAuthnEmulator
  /** The id of the open step-up. */
  stepUp(): string
  /** Opens another step-up once the one before was met. */
  renewStepUp(): Promise<void>
  /** Sends as Alice's browser, with a proof of its device. */
  asSubject: Endpoint['send']
  /** Sends with an API key, and no proof. */
  asMachine(base: 'service' | 'admin', key: 'guard' | 'write'): Endpoint['send']
  /** The endpoints that take a body, and those that take none. */
  withBody: readonly Endpoint[]
  withoutBody: readonly Endpoint[]
  /** Checks that nothing of what was sent, and no secret, is in the log, and that nothing was logged as a fault. */
  expectCleanLog(): void
  close(): Promise<void>
}>

/** Starts the stack, and enrols for Alice an authenticator app and a passkey. */
export async function startTarget(): Promise<Target> {
  const stack = await startStack()
  const emulator = new WebAuthnEmulator()
  await stack.license('acme', { tier: 'enterprise', state: 'active' })
  const alice = await stack.person({ sub: 'alice', account: 'acme' })
  const totpSecret = await enrollTotp(alice, stack.clock.now())
  const code = codeAt(totpSecret, stack.clock.now() + 30)
  const registration = String((await changeWithCode(alice, '/v1/authenticators/registrations', { method: 'totp' }, code)).body.id)
  expect(registration).toMatch(/^reg_/)
  stack.clock.advance(60)
  await enrollPasskey(alice, emulator, codeAt(totpSecret, stack.clock.now()))
  stack.clock.advance(200)
  let stepUp = (await begin(alice, 'payouts.approve')).id

  const asSubject: Endpoint['send'] = (method, path, body, other) => alice.service(method, path, body, other)
  const asMachine: Target['asMachine'] =
    (base: 'service' | 'admin', key: 'guard' | 'write'): Endpoint['send'] =>
    async (method, path, body, { headers = {}, raw } = {}) => {
      const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
      return answerOf(
        await fetch(stack.urls[base] + path, {
          method,
          headers: {
            authorization: `Bearer ${stack.keys[key]}`,
            ...(content === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(content === undefined ? {} : { body: content }),
        }),
      )
    }

  return {
    stack,
    alice,
    emulator,
    stepUp: () => stepUp,
    async renewStepUp() {
      stepUp = (await begin(alice, 'payouts.approve')).id
    },
    asSubject,
    asMachine,
    withBody: [
      {
        method: 'POST',
        path: () => '/v1/step-ups',
        good: { feature: 'payouts.approve', audience: 'https://another.example', operation: { amount: '1.00' } },
        send: asSubject,
      },
      { method: 'POST', path: () => `/v1/step-ups/${stepUp}/methods/passkey`, good: {}, send: asSubject },
      {
        method: 'POST',
        path: () => `/v1/step-ups/${stepUp}/attempts`,
        proves: true,
        good: { method: 'totp', response: { code: '000000' } },
        send: asSubject,
      },
      {
        method: 'POST',
        path: () => '/v1/tokens',
        good: { audience: 'https://another.example', feature: 'payouts.approve' },
        send: asSubject,
      },
      { method: 'POST', path: () => '/v1/authenticators/registrations', good: { method: 'totp' }, send: asSubject },
      {
        method: 'POST',
        path: () => `/v1/authenticators/registrations/${registration}`,
        proves: true,
        good: { response: { code: '000000' }, name: 'Phone' },
        send: asSubject,
      },
      { method: 'PATCH', path: () => '/v1/authenticators/auth_unknown', proves: true, good: { name: 'Phone' }, send: asSubject },
      { method: 'PUT', path: () => '/v1/admin/licenses/scratch', good: LICENSE, send: asMachine('admin', 'write') },
    ],
    withoutBody: [
      { method: 'GET', path: () => '/v1/state', send: asSubject },
      { method: 'GET', path: () => '/v1/events', send: asSubject },
      { method: 'DELETE', path: () => '/v1/session', send: asSubject },
      { method: 'GET', path: () => '/v1/authenticators', send: asSubject },
      { method: 'DELETE', path: () => '/v1/authenticators/auth_unknown', send: asSubject },
      { method: 'GET', path: () => '/v1/policy', send: asMachine('service', 'guard') },
      { method: 'GET', path: () => '/v1/licenses/acme', send: asMachine('service', 'guard') },
      { method: 'GET', path: () => '/v1/feed', send: asMachine('service', 'guard') },
      { method: 'GET', path: () => '/v1/admin/licenses', send: asMachine('admin', 'write') },
      { method: 'GET', path: () => '/v1/admin/licenses/acme', send: asMachine('admin', 'write') },
    ],
    expectCleanLog() {
      const log = stack.lines.join('\n')
      expect(log).not.toContain(MARKER)
      expect(log, 'tokens or proofs').not.toMatch(/eyJ[\w-]{8,}\.[\w-]*/)
      expect(log, 'API keys').not.toMatch(/stile_(?:g|lr|lw)_[\w-]{16,}/)
      expect(log, 'TOTP secrets').not.toContain(totpSecret)
      expect(stack.lines.filter((line) => line.includes('"level":"error"'))).toEqual([])
    },
    close: () => stack.close(),
  }
}

/** An endpoint in the message of a failed test. */
export const nameOf = ({ method, path }: Endpoint): string => `${method} ${path().replace(/(su|reg)_[\w-]+/, ':id')}`

/** Checks that an answer is a refusal as RFC 9457 and the one table of codes say. */
export function expectProblem({ status, headers, body, text }: Answer, what: string): ProblemCode {
  const code = body.code as ProblemCode
  expect(PROBLEM_CODES, `${what}: ${status} ${text.slice(0, 200)}`).toContain(code)
  expect({ status, type: body.type, said: body.status, title: body.title }, what).toEqual({
    status: PROBLEMS[code].status,
    type: `urn:stile:problem:${code}`,
    said: status,
    title: PROBLEMS[code].title,
  })
  expect(status, `${what}: ${text.slice(0, 200)}`).toBeLessThan(500)
  expect(status, what).toBeGreaterThanOrEqual(400)
  expect(headers.get('content-type'), what).toContain('application/problem+json')
  expect(headers.get('cache-control'), what).toBe('no-store')
  expect(headers.get('x-request-id'), what).toBeTruthy()
  expect(status === 401 ? headers.get('www-authenticate') : 'none needed', what).toBeTruthy()
  return code
}
