import type { Method } from '@stile/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

let isLoaded: boolean

beforeEach(() => {
  vi.resetModules()
  isLoaded = false
  vi.doMock('../passkey/ceremonies.ts', (original) => {
    isLoaded = true
    return original()
  })
})
afterEach(() => {
  vi.doUnmock('../passkey/ceremonies.ts')
  vi.unstubAllGlobals()
})

/** A page with a gate, whose state says with which methods the step-up of the gate can be done. */
async function page(methods: readonly Method[]) {
  const { decision, json, MFA, setup, state, until } = await import('../wire.test-support.ts')
  const decisions = { 'reports.export': decision('reports.export', { outcome: 'step_up', requirement: MFA, next: { methods } }) }
  const { stile, seen } = setup({ 'GET /v1/state': () => json(state({ decisions })) })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  await vi.dynamicImportSettled()
  expect(seen('POST /v1/step-ups')).toHaveLength(0)
}

test.each<[first: string, methods: readonly Method[], expected: boolean]>([
  ['a passkey', ['passkey', 'totp'], true],
  ['a security key', ['security-key', 'totp'], true],
  ['a code of an authenticator app', ['totp', 'passkey'], false],
  ['a code by mail', ['email-otp', 'passkey', 'totp'], false],
])(
  'a gate whose step-up begins with %s waits for no script when it is clicked, and loads nothing that it may not need',
  async (_, methods, expected) => {
    vi.stubGlobal('PublicKeyCredential', class {})
    await page(methods)
    expect(isLoaded).toBe(expected)
  },
)

test('a state whose step-up names no methods counts all the same', async () => {
  await page(undefined as never)
  expect(isLoaded).toBe(false)
})

test('a browser that knows no passkeys loads nothing for them', async () => {
  vi.stubGlobal('PublicKeyCredential', undefined)
  await page(['passkey', 'totp'])
  expect(isLoaded).toBe(false)
})
