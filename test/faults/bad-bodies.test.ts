import fc from 'fast-check'
import type { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { BAD_BODIES, MARKER, mutationsOf, NO_OBJECTS, WRONG_VALUES } from '../support/bad-bodies.ts'
import { expectProblem, nameOf, startTarget, type Target } from '../support/bad-input.ts'
import { changeWithPasskey } from '../support/ceremonies.ts'
import { answerOf } from '../support/node-client.ts'
import { WEB_ORIGIN } from '../support/stack.ts'

let target: Target
beforeAll(async () => {
  target = await startTarget()
})
afterAll(() => target.close())
afterEach(() => target.expectCleanLog())

test.each(BAD_BODIES)('$name is refused everywhere, for what it is', async ({ raw, headers = {}, codes, name: what }) => {
  for (const endpoint of target.withBody) {
    // an enrolment may be larger, because attestations are
    if (codes.includes('payload_too_large') === false || !endpoint.path().includes('registrations/'))
      expect(codes, `${nameOf(endpoint)}: ${what}`).toContain(
        expectProblem(await endpoint.send(endpoint.method, endpoint.path(), undefined, { raw, headers }), `${nameOf(endpoint)}: ${what}`),
      )
  }
})

test('a large body that does not say how large it is is cut off as soon as it shows', async () => {
  let sent = 0
  const part = new TextEncoder().encode(MARKER.repeat(400))
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += part.length
      if (sent > 50_000_000) controller.close()
      else controller.enqueue(part)
    },
  })
  const headers = { authorization: `Bearer ${target.stack.keys.write}`, 'content-type': 'application/json' }
  const url = `${target.stack.urls.admin}/v1/admin/licenses/scratch`
  const answer = await answerOf(await fetch(url, { method: 'PUT', headers, body, duplex: 'half' } as RequestInit))
  expect(expectProblem(answer, 'a stream')).toBe('payload_too_large')
  expect(sent, 'most of it was not waited for').toBeLessThan(25_000_000)
})

test('JSON that is no object is refused everywhere', async () => {
  for (const endpoint of target.withBody) {
    for (const raw of NO_OBJECTS) {
      const answer = await endpoint.send(endpoint.method, endpoint.path(), undefined, { raw })
      // starting a method needs nothing from its body
      if (endpoint.path().endsWith('/methods/passkey') && answer.status === 200) continue
      expectProblem(answer, `${nameOf(endpoint)}: ${raw}`)
    }
  }
})

test('a body that is wrong in one place never breaks anything, and never counts as a right answer', async () => {
  for (const endpoint of target.withBody) {
    for (const { at, body } of mutationsOf(endpoint.good)) {
      const answer = await endpoint.send(endpoint.method, endpoint.path(), body)
      const what = `${nameOf(endpoint)}: ${at} of ${JSON.stringify(body).slice(0, 200)}`
      // a license may go without extra features, a token without a feature: that is another good body
      if (!endpoint.proves && answer.status < 300) continue
      expectProblem(answer, what)
    }
  }
})

test('an assertion that is wrong in one place proves nothing', async () => {
  type Start = Parameters<WebAuthnEmulator['getJSON']>[1]
  // what proves nothing, and the handle, which an authenticator may leave out if it was told the credential (WebAuthn §7.2 step 6)
  const isFree = (at: string) => /^(clientExtensionResults|authenticatorAttachment|response\/userHandle: (absent|null|""))/.test(at)
  const asserted = async () => {
    const { body } = await target.alice.service('POST', `/v1/step-ups/${target.stepUp()}/methods/passkey`, {})
    const started = (body as { methods: { method: string; start: Start }[] }).methods.find(({ method }) => method === 'passkey')
    return target.emulator.getJSON(WEB_ORIGIN, started?.start as Start)
  }
  const accepted = new Set<string>()
  const count = mutationsOf(await asserted()).length
  for (let index = 0; index < count; index++) {
    const { at, body: response } = mutationsOf(await asserted())[index] ?? { at: '', body: null }
    const answer = await target.alice.service('POST', `/v1/step-ups/${target.stepUp()}/attempts`, { method: 'passkey', response })
    if (answer.status >= 300) expectProblem(answer, `${at} of ${JSON.stringify(response).slice(0, 300)}`)
    else {
      accepted.add(at)
      // the proof counts for two minutes, in which nothing would be asked
      target.stack.clock.advance(130)
      await target.renewStepUp()
    }
  }
  expect([...accepted].filter((at) => !isFree(at))).toEqual([])
})

test('an attestation that is wrong in one place enrols nothing', async () => {
  type Start = Parameters<WebAuthnEmulator['createJSON']>[1]
  const isFree = (at: string) =>
    /^(clientExtensionResults|authenticatorAttachment|response\/(transports|publicKey|authenticatorData))/.test(at)
  const attested = async () => {
    const path = '/v1/authenticators/registrations'
    const { body } = await changeWithPasskey(target.alice, path, { method: 'passkey' }, target.emulator)
    return { id: String(body.id), response: target.emulator.createJSON(WEB_ORIGIN, { ...(body.start as Start), excludeCredentials: [] }) }
  }
  const accepted = new Set<string>()
  const count = mutationsOf((await attested()).response).length
  for (let index = 0; index < count; index++) {
    const { id, response: good } = await attested()
    const { at, body: response } = mutationsOf(good)[index] ?? { at: '', body: null }
    if (isFree(at)) continue
    const answer = await target.alice.service('POST', `/v1/authenticators/registrations/${id}`, { response })
    if (answer.status >= 300) expectProblem(answer, `${at} of ${JSON.stringify(response).slice(0, 300)}`)
    else accepted.add(at)
  }
  expect([...accepted]).toEqual([])
})

test('every endpoint answers any JSON with a result or a known problem', async () => {
  const names = fc.constantFrom(
    'feature',
    'operation',
    'audience',
    'method',
    'response',
    'code',
    'name',
    'tier',
    'state',
    'id',
    '__proto__',
    'constructor',
  )
  const value = fc.oneof(
    fc.constantFrom(...WRONG_VALUES),
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom('totp', 'passkey', 'payouts.approve', 'pro', 'active'),
  )
  const body = fc.oneof(fc.dictionary(names, value, { maxKeys: 6 }), value)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...target.withBody), body, async (endpoint, sent) => {
      const answer = await endpoint.send(endpoint.method, endpoint.path(), sent)
      if (answer.status >= 300) expectProblem(answer, nameOf(endpoint))
    }),
    { numRuns: 500, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false },
  )
})
