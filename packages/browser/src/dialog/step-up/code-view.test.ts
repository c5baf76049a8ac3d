import { expect, test, vi } from 'vitest'
import { setup, until } from '../../wire.test-support.ts'
import { alert, dialog, input, mount, press, texts, type, useDialogs } from '../page.test-support.ts'

useDialogs()

test('a field for the code that cannot be loaded is said, with a way to try again', async () => {
  vi.doMock('./code-view.ts', () => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const { stile } = setup()
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => alert())
  expect(alert()).toBe(texts.service_unavailable)
  expect(dialog().querySelector('input')).toBeNull()
  vi.doUnmock('./code-view.ts')
  press(texts.retry)
  await until(() => input())
  expect(alert()).toBe('')
  type('123456')
  await flow.done
})
