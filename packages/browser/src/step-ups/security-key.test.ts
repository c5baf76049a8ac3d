import { afterEach, expect, test, vi } from 'vitest'
import { json, openStepUp, refuse, setup, until } from '../wire.test-support.ts'
import { assertion, stubAuthenticator } from './authenticator.test-support.ts'

const ATTEMPTS = 'POST /v1/step-ups/su_1/attempts'
const KEY = 'POST /v1/step-ups/su_1/methods/security-key'
const options = (challenge: string) => ({ challenge, rpId: 'localhost', timeout: 300_000 })
const PASSKEY = { method: 'passkey', start: options('AAAA') }

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('a security key answers its own challenge, under its own name', async () => {
  const challenges: number[][] = []
  stubAuthenticator(async ({ publicKey }) => {
    challenges.push([...new Uint8Array(publicKey.challenge)])
    if (challenges.length === 1) throw new DOMException('no', 'NotAllowedError')
    return assertion
  })
  const { stile, seen } = setup({
    'POST /v1/step-ups': () => json(openStepUp({ methods: [PASSKEY, { method: 'security-key' }] })),
    [KEY]: () => json(openStepUp({ methods: [{ method: 'passkey' }, { method: 'security-key', start: options('BBBB') }] })),
  })
  const flow = stile.stepUp('reports.export')
  await until(() => flow.get().status === 'choosing' && 'error' in flow.get())
  await flow.choose('security-key')
  await flow.done
  expect(challenges).toEqual([
    [0, 0, 0],
    [4, 16, 65],
  ])
  expect(seen(ATTEMPTS).map(({ body }) => body)).toMatchObject([{ method: 'security-key', response: { id: 'AQID' } }])
})

test('if the browser knows no passkeys neither way is offered; if that leaves nothing it says what was asked for', async () => {
  const methods = [PASSKEY, { method: 'security-key' }, { method: 'totp' }]
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods })) })
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === 'proving')
  expect(flow.get()).toMatchObject({ methods: ['totp'] })
  flow.cancel()
  const other = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods: methods.slice(0, 2) })) })
  await expect(other.stile.stepUp('reports.export').done).rejects.toMatchObject({
    code: 'method_unavailable',
    problem: { feature: 'reports.export', next: { methods: ['passkey', 'security-key'] }, detail: expect.stringContaining('security-key') },
  })
})

test.each([
  ['a minute where there is another way', [PASSKEY, { method: 'totp' }], 60_000],
  ['as long as the service says where there is none', [PASSKEY], 305_000],
])('a prompt that never answers is waited for %s, and then it is closed', async (_, methods, ms) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let open: AbortSignal | undefined
  const get = stubAuthenticator(({ signal }) => {
    open = signal
    return new Promise(() => {})
  })
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods })) })
  const flow = stile.stepUp('reports.export', { headless: true })
  await vi.waitUntil(() => get.mock.calls.length)
  await vi.advanceTimersByTimeAsync(ms - 1000)
  expect(flow.get()).toMatchObject({ status: 'proving' })
  await vi.advanceTimersByTimeAsync(1000)
  expect(flow.get()).toMatchObject({ status: 'choosing', error: { code: 'passkey_timeout' } })
  expect(open?.aborted).toBe(true)
})

test('a subject who turned to another way while the challenge was fetched sees no prompt', async () => {
  const get = stubAuthenticator(async () => assertion)
  let answer: (response: Response) => void = () => {}
  const { stile, seen } = setup({
    'POST /v1/step-ups': () => json(openStepUp({ methods: [{ method: 'totp' }, { method: 'security-key' }] })),
    [KEY]: () => new Promise((resolve) => (answer = resolve)),
  })
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === 'proving')
  const choosing = flow.choose('security-key')
  await until(() => seen(KEY).length)
  await flow.choose('totp')
  answer(json(openStepUp({ methods: [{ method: 'totp' }, { method: 'security-key', start: options('BBBB') }] })))
  await choosing
  expect(get).not.toHaveBeenCalled()
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'totp' })
  flow.cancel()
})

test('ways that changed meanwhile are asked for again, once', async () => {
  let asked = 0
  const { stile, seen } = setup({
    'POST /v1/step-ups': () =>
      json(openStepUp({ methods: asked++ ? [{ method: 'totp' }] : [{ method: 'totp' }, { method: 'email-otp' }] })),
    'POST /v1/step-ups/su_1/methods/email-otp': () => refuse('method_unavailable'),
  })
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === 'proving')
  await flow.choose('email-otp')
  expect(flow.get()).toMatchObject({ status: 'proving', methods: ['totp'], method: 'totp' })
  expect(seen('POST /v1/step-ups')).toHaveLength(2)
  flow.cancel()
})

test('a passkey that was removed at the service is told to the browser', async () => {
  stubAuthenticator(async () => assertion)
  const signalUnknownCredential = vi.fn(async () => {})
  vi.stubGlobal('PublicKeyCredential', Object.assign(class {}, { signalUnknownCredential }))
  const { stile } = setup({
    'POST /v1/step-ups': () => json(openStepUp({ methods: [PASSKEY] })),
    [ATTEMPTS]: () => refuse('attempt_failed', { failure: 'credential_unknown' }),
    'GET /v1/authenticators': () => json({ authenticators: [], webauthn: { rpId: 'localhost', userId: 'AQID', credentialIds: [] } }),
  })
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => signalUnknownCredential.mock.calls.length)
  expect(signalUnknownCredential).toHaveBeenCalledWith({ rpId: 'localhost', credentialId: 'AQID' })
  expect(flow.get()).toMatchObject({ status: 'choosing', error: { failure: 'credential_unknown' } })
  flow.cancel()
})
