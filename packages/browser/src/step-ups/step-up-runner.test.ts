import { expect, test, vi } from 'vitest'
import { setup, until } from '../wire.test-support.ts'

test('a step-up whose code cannot be loaded says so and can be tried again', async () => {
  vi.doMock('../ready.ts', () => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const { stile, seen } = setup()
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => 'error' in flow.get())
  expect(flow.get()).toEqual({ status: 'starting', error: { code: 'service_unavailable' } })
  await flow.choose('totp')
  await flow.submit({ code: '123456' })
  expect(seen('POST /v1/step-ups')).toHaveLength(0)
  vi.doUnmock('../ready.ts')
  await flow.retry()
  expect(flow.get().status).toBe('proving')
  await flow.submit({ code: '123456' })
  expect((await flow.done).token).toBe('mfa-level')
})

test('a step-up that was cancelled before its code was there asks nothing of the service', async () => {
  const { stile, seen } = setup()
  const flow = stile.stepUp('reports.export', { headless: true })
  flow.cancel()
  await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
  await flow.retry()
  expect(seen('POST /v1/step-ups')).toHaveLength(0)
})
