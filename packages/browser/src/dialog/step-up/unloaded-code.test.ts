import { expect, test, vi } from 'vitest'
import { setup, until } from '../../wire.test-support.ts'
import { alert, input, mount, press, texts, type, useDialogs } from '../page.test-support.ts'

const PATH = './code-view.ts'
useDialogs()

test('a view of the code that cannot be loaded says so, and is loaded again', async () => {
  vi.doMock(PATH, () => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const { stile } = setup()
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => alert())
  expect(alert()).toBe(texts.service_unavailable)
  vi.doUnmock(PATH)
  press(texts.retry)
  await until(() => input())
  type('123456')
  expect((await flow.done).token).toBe('mfa-level')
})
