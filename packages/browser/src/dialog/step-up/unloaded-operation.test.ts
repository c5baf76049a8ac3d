import { afterEach, expect, test, vi } from 'vitest'
import { stubAuthenticator } from '../../step-ups/authenticator.test-support.ts'
import { json, openStepUp, setup, until } from '../../wire.test-support.ts'
import { alert, dialog, mount, press, texts, useDialogs } from '../page.test-support.ts'

const PATH = './operation-view.ts'
useDialogs()
afterEach(() => vi.unstubAllGlobals())

test('threat: the browser asks for the passkey of a payment that is not on the screen, as its view cannot be loaded', async () => {
  let shownAtPrompt: string | null | undefined
  const get = stubAuthenticator(() => {
    shownAtPrompt = dialog().textContent
    return new Promise(() => {})
  })
  vi.doMock(PATH, () => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const methods = [{ method: 'passkey', start: { challenge: 'AAAA', rpId: 'localhost', timeout: 60_000 } }]
  const { stile, seen } = setup({ 'POST /v1/step-ups': ({ body }) => json(openStepUp({ ...(body as object), methods })) })
  mount(stile)
  const flow = stile.stepUp('payouts.approve', { operation: { amount: '9000' } })
  await until(() => alert())
  expect(alert()).toBe(texts.service_unavailable)
  expect(seen('POST /v1/step-ups')).toEqual([])
  expect(get).not.toHaveBeenCalled()
  vi.doUnmock(PATH)
  press(texts.retry)
  await until(() => get.mock.calls.length)
  expect(shownAtPrompt).toContain('9000')
  expect(flow.get().status).toBe('proving')
})
