import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ceremony } from './ceremony.ts'

beforeEach(() => void vi.stubGlobal('PublicKeyCredential', class {}))
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const { signal } = new AbortController()

test('a broken extension that rejects with nothing ends the ceremony, instead of hanging it', async () => {
  expect(await ceremony({}, () => Promise.reject(undefined), signal)).toBe('passkey_failed')
})

test('what came in the way is told by the name of the exception', async () => {
  const named = (name: string) => ceremony({}, () => Promise.reject(new DOMException('', name)), signal)
  expect(await named('NotAllowedError')).toBe('passkey_cancelled')
  expect(await named('SecurityError')).toBe('passkey_unavailable')
  expect(await named('InvalidStateError')).toBe('passkey_exists')
})

test('an extension that never answers is waited for no longer than the options say, and a little', async () => {
  vi.useFakeTimers()
  const answer = ceremony({ timeout: 1000 }, () => new Promise(() => {}), signal)
  await vi.advanceTimersByTimeAsync(6000)
  expect(await answer).toBe('passkey_timeout')
})

test('where the browser knows no passkeys it says so', async () => {
  vi.stubGlobal('PublicKeyCredential', undefined)
  expect(await ceremony({}, () => Promise.resolve('never'), signal)).toBe('passkey_unavailable')
})
