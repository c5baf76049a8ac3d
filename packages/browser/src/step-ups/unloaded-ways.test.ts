import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const PATH = './other-ways.ts'
const SEND = 'POST /v1/step-ups/su_1/methods/email-otp'
const METHODS = [{ method: 'totp' }, { method: 'email-otp' }]

beforeEach(() => vi.resetModules())
afterEach(() => vi.doUnmock(PATH))

/** A step-up that has begun with a code of an authenticator app, and offers one by mail. */
async function begun() {
  const { json, NOW, openStepUp, setup, until } = await import('../wire.test-support.ts')
  const sent = { method: 'email-otp', start: { sentTo: 'a***@example.com', resendAt: NOW + 30, expiresAt: NOW + 300 } }
  const world = setup({
    'POST /v1/step-ups': () => json(openStepUp({ methods: METHODS }), 201),
    [SEND]: () => json(openStepUp({ methods: [{ method: 'totp' }, sent] })),
  })
  const flow = world.stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === 'proving')
  return { ...world, flow, until }
}

/** Keeps the file back until what it answers is called. */
function holdBack(): () => void {
  const loading = Promise.withResolvers<void>()
  vi.doMock(PATH, async (original) => {
    await loading.promise
    return original()
  })
  return loading.resolve
}

test('a way whose file cannot be loaded is loaded again when the service is asked again', async () => {
  vi.doMock(PATH, () => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const { flow, seen } = await begun()
  await flow.choose('email-otp')
  expect(flow.get()).toMatchObject({ status: 'starting', error: { code: 'service_unavailable' } })
  vi.doUnmock(PATH)
  await flow.retry()
  await flow.choose('email-otp')
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'email-otp' })
  expect(seen(SEND)).toHaveLength(1)
  flow.cancel()
})

test('a subject who turns to another way while the file is loaded gets no mail', async () => {
  const load = holdBack()
  const { flow, seen } = await begun()
  const chosen = flow.choose('email-otp')
  await flow.choose('totp')
  load()
  await chosen
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'totp' })
  expect(seen(SEND)).toEqual([])
  flow.cancel()
})

test('a double click while the file is loaded sends one code', async () => {
  const load = holdBack()
  const { flow, seen } = await begun()
  const chosen = [flow.choose('email-otp'), flow.choose('email-otp')]
  load()
  await Promise.all(chosen)
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'email-otp' })
  expect(seen(SEND)).toHaveLength(1)
  flow.cancel()
})
