import type { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { expect } from 'vitest'
import type { NodeClient } from './node-client.ts'
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

/**
 * Enrols a passkey with user verification.
 *
 * @param app  what confirms it if an authenticator app was enrolled before; the code of the next time step is spent
 */
export async function enrollPasskey(
  person: NodeClient,
  emulator: WebAuthnEmulator,
  app?: Readonly<{ secret: string; now: number }>,
): Promise<void> {
  const start = () => person.service('POST', '/v1/authenticators/registrations', { method: 'passkey' })
  if (app !== undefined) {
    const asked = await start()
    expect(asked.body, asked.text).toMatchObject({ operation: { change: 'add', method: 'passkey' } })
    await stepUpWithTotp(person, 'stile:authenticators', codeAt(app.secret, app.now + 30))
  }
  const started = await start()
  expect(started.status, started.text).toBe(201)
  const { id, start: options } = started.body as { id: string; start: Creation }
  const response = emulator.createJSON(WEB_ORIGIN, options)
  const finished = await person.service('POST', `/v1/authenticators/registrations/${id}`, { response, name: 'Laptop' })
  expect(finished.status, finished.text).toBe(201)
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
  const start = methods.find(({ method }) => method === 'passkey')?.start as Request
  const response = emulator.getJSON(WEB_ORIGIN, start)
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
