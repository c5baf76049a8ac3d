import { afterEach, expect, test, vi } from 'vitest'
import { json, openStepUp, setup, until } from '../wire.test-support.ts'
import { assertion, stubAuthenticator } from './authenticator.test-support.ts'

afterEach(() => vi.unstubAllGlobals())

test('a step-up whose code cannot be loaded says so and can be tried again', async () => {
  vi.doMock('./step-up-runner.ts', () => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const { stile, seen } = setup()
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => 'error' in flow.get())
  expect(flow.get()).toEqual({ status: 'starting', error: { code: 'service_unavailable' } })
  await flow.choose('totp')
  await flow.submit({ code: '123456' })
  expect(seen('POST /v1/step-ups')).toHaveLength(0)
  vi.doUnmock('./step-up-runner.ts')
  await flow.retry()
  expect(flow.get().status).toBe('proving')
  await flow.submit({ code: '123456' })
  expect((await flow.done).token).toBe('mfa-level')
})

test('a ceremony that cannot be loaded says so and can be tried again', async () => {
  const get = stubAuthenticator(async () => assertion)
  vi.doMock('../passkey/ceremonies.ts', () => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const methods = [{ method: 'passkey', start: { challenge: 'AAAA', rpId: 'localhost' } }, { method: 'totp' }]
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods })) })
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => 'error' in flow.get() && flow.get().status === 'starting')
  expect(flow.get()).toEqual({ status: 'starting', error: { code: 'service_unavailable' } })
  expect(get).not.toHaveBeenCalled()
  vi.doUnmock('../passkey/ceremonies.ts')
  await flow.retry()
  expect((await flow.done).token).toBe('mfa-level')
  expect(get).toHaveBeenCalledOnce()
})

test('a step-up that was cancelled before its code was there asks nothing of the service', async () => {
  const { stile, seen } = setup()
  const flow = stile.stepUp('reports.export', { headless: true })
  flow.cancel()
  await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
  await flow.retry()
  expect(seen('POST /v1/step-ups')).toHaveLength(0)
})

test.each([
  ['a passkey is asked for before the dialog is drawn, which takes longer', undefined, 'starting'],
  ['an operation is on the screen before a passkey is asked for', { payee: 'ACME' }, 'proving'],
] as const)('%s', async (_, operation, status) => {
  let before: string | undefined
  stubAuthenticator(async () => {
    before = flow.get().status
    return assertion
  })
  const methods = [{ method: 'passkey', start: { challenge: 'AAAA', rpId: 'localhost' } }]
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods })) })
  const flow = stile.stepUp('reports.export', { headless: true, ...(operation && { operation }) })
  await flow.done
  expect(before).toBe(status)
})

test('a code is asked for, whatever a newer service says of its start', async () => {
  const methods = [{ method: 'totp', start: { digits: 6 } }]
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods })) })
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === 'proving')
  await flow.submit({ code: '123456' })
  expect((await flow.done).token).toBe('mfa-level')
})
