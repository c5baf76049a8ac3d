import type { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { expect } from 'vitest'
import type { Answer, NodeClient } from './node-client.ts'
import { WEB_ORIGIN } from './stack.ts'
import { codeAt } from './totp.ts'

type Creation = Parameters<WebAuthnEmulator['createJSON']>[1]
type Request = Parameters<WebAuthnEmulator['getJSON']>[1]

/** Enrols an authenticator app and answers its secret. The code of `now` is spent, and counts as a proof. */
export async function enrollTotp(person: NodeClient, now: number): Promise<string> {
  const started = await person.service('POST', '/v1/authenticators/registrations', { method: 'totp' })
  expect(started.status, started.text).toBe(201)
  const { id, start } = started.body as { id: string; start: { secret: string } }
  const finished = await person.service('POST', `/v1/authenticators/registrations/${id}`, {
    response: { code: codeAt(start.secret, now) },
    name: 'Phone',
  })
  expect(finished.status, finished.text).toBe(201)
  return start.secret
}

/** Enrols a passkey with user verification, beside an authenticator app with the code of that. */
export async function enrollPasskey(person: NodeClient, emulator: WebAuthnEmulator, code?: string): Promise<void> {
  const started = await changeWithCode(person, '/v1/authenticators/registrations', { method: 'passkey' }, code)
  expect(started.status, started.text).toBe(201)
  const { id, start } = started.body as { id: string; start: Creation }
  const response = emulator.createJSON(WEB_ORIGIN, start)
  const finished = await person.service('POST', `/v1/authenticators/registrations/${id}`, { response, name: 'Laptop' })
  expect(finished.status, finished.text).toBe(201)
}

/** Makes a change of authenticators; with a code of an app, confirms it first as the service asks. */
export function changeWithCode(person: NodeClient, path: string, body: unknown, code: string | undefined): Promise<Answer> {
  return change(person, { path, body, prove: code === undefined ? undefined : () => ({ method: 'totp', response: { code } }) })
}

/** Makes a change of authenticators, and confirms it with a passkey. */
export function changeWithPasskey(person: NodeClient, path: string, body: unknown, emulator: WebAuthnEmulator): Promise<Answer> {
  return change(person, {
    path,
    body,
    prove: (methods) => ({ method: 'passkey', response: emulator.getJSON(WEB_ORIGIN, startOf(methods)) }),
  })
}

type Started = readonly { method: string; start?: unknown }[]
type Confirmation = Readonly<{ path: string; body: unknown; prove: ((methods: Started) => object) | undefined }>

async function change(person: NodeClient, { path, body, prove }: Confirmation): Promise<Answer> {
  const asked = await person.service('POST', path, body)
  // a proof that was given for this very change counts until it is made
  if (prove === undefined || asked.status < 300) return asked
  expect(asked.body, asked.text).toMatchObject({ feature: 'stile:authenticators', operation: expect.any(Object) })
  const { feature, operation } = asked.body
  const opened = await person.service('POST', '/v1/step-ups', { feature, operation })
  expect(opened.status, opened.text).toBe(201)
  const { id, methods } = opened.body as { id: string; methods: Started }
  const proven = await person.service('POST', `/v1/step-ups/${id}/attempts`, prove(methods))
  expect(proven.status, proven.text).toBe(200)
  return person.service('POST', path, body)
}

function startOf(methods: Started): Request {
  return methods.find(({ method }) => method === 'passkey')?.start as Request
}

/** Begins a step-up and answers its id. */
export async function begin(person: NodeClient, feature: string): Promise<{ id: string; methods: { method: string; start?: unknown }[] }> {
  const opened = await person.service('POST', '/v1/step-ups', { feature })
  expect(opened.status, opened.text).toBe(201)
  expect(opened.body).toMatchObject({ status: 'open', feature })
  return opened.body as { id: string; methods: { method: string; start?: unknown }[] }
}

/** Steps up with a code and answers the assurance token. */
export async function stepUpWithTotp(person: NodeClient, feature: string, code: string): Promise<string> {
  const { id } = await begin(person, feature)
  const done = await person.service('POST', `/v1/step-ups/${id}/attempts`, { method: 'totp', response: { code } })
  expect(done.status, done.text).toBe(200)
  return (done.body as { issued: { token: string } }).issued.token
}

/** Steps up with a passkey and answers the assurance token. */
export async function stepUpWithPasskey(person: NodeClient, feature: string, emulator: WebAuthnEmulator): Promise<string> {
  const { id, methods } = await begin(person, feature)
  const response = emulator.getJSON(WEB_ORIGIN, startOf(methods))
  const done = await person.service('POST', `/v1/step-ups/${id}/attempts`, { method: 'passkey', response })
  expect(done.status, done.text).toBe(200)
  return (done.body as { issued: { token: string } }).issued.token
}

/** A token for what is proven already. */
export async function tokenOf(person: NodeClient, body: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const issued = await person.service('POST', '/v1/tokens', body)
  expect(issued.status, issued.text).toBe(200)
  return (issued.body as { token: string }).token
}
