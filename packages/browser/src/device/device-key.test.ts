import { afterEach, expect, test, vi } from 'vitest'
import { deviceKey, loadDeviceKey, pageKey, thumbprint } from './device-key.ts'

afterEach(() => vi.unstubAllGlobals())

test('the device id of the key of RFC 9449 is the thumbprint that the RFC names', async () => {
  const jwk = {
    crv: 'P-256',
    kty: 'EC',
    x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
    y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
  }
  expect(await thumbprint({ publicJwk: jwk })).toBe('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')
})

test('threat: a script in the page takes the device key away; the private half is not extractable', async () => {
  const { privateKey } = await loadDeviceKey()
  expect(privateKey.extractable).toBe(false)
  await expect(crypto.subtle.exportKey('jwk', privateKey)).rejects.toThrow()
})

test('without IndexedDB the key lives in memory', async () => {
  vi.stubGlobal('indexedDB', undefined)
  expect(await loadDeviceKey()).toMatchObject({ publicJwk: { crv: 'P-256' }, stored: false })
})

test('the sign-in page learns the key that the SDK will use', async () => {
  const { jkt } = await deviceKey()
  expect(jkt).toBe(await thumbprint(await pageKey()))
})

test('an IndexedDB that refuses does not break signing in', async () => {
  vi.stubGlobal('indexedDB', {
    open: () => {
      throw new DOMException('denied', 'SecurityError')
    },
  })
  expect((await loadDeviceKey()).publicJwk.kty).toBe('EC')
})

test('an IndexedDB that never answers is waited for only so long', async () => {
  vi.stubGlobal('indexedDB', { open: () => ({}) })
  expect((await loadDeviceKey(10)).publicJwk.kty).toBe('EC')
})
