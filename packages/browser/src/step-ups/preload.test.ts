import type { Method } from '@stile/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

/** The files that were loaded for a kind of prompt, by the methods that need them. */
const loaded = new Set<string>()

beforeEach(() => {
  vi.resetModules()
  loaded.clear()
  vi.doMock('../passkey/ceremonies.ts', (original) => {
    loaded.add('passkey')
    return original()
  })
  vi.doMock('../dialog/step-up/code-view.ts', (original) => {
    loaded.add('totp')
    return original()
  })
})
afterEach(() => {
  vi.doUnmock('../passkey/ceremonies.ts')
  vi.doUnmock('../dialog/step-up/code-view.ts')
  vi.unstubAllGlobals()
})

/** A page with the dialog and a gate, whose state says with which methods the step-up of the gate can be done. */
async function page(methods: readonly Method[], { mountsLate = false } = {}) {
  const { decision, json, MFA, setup, state, until } = await import('../wire.test-support.ts')
  const { mountDialog } = await import('../dialog/index.ts')
  const decisions = { 'reports.export': decision('reports.export', { outcome: 'step_up', requirement: MFA, next: { methods } }) }
  const { stile, seen } = setup({ 'GET /v1/state': () => json(state({ decisions })) })
  if (!mountsLate) mountDialog(stile)
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  await vi.dynamicImportSettled()
  if (mountsLate) mountDialog(stile)
  await vi.dynamicImportSettled()
  expect(seen('POST /v1/step-ups')).toHaveLength(0)
}

test.each<[first: string, methods: readonly Method[], expected: readonly string[]]>([
  ['a passkey', ['passkey', 'totp'], ['passkey']],
  ['a security key', ['security-key', 'totp'], ['passkey']],
  ['a code of an authenticator app', ['totp', 'passkey'], ['totp']],
  ['a code by mail', ['email-otp', 'passkey', 'totp'], []],
])(
  'a gate whose step-up begins with %s waits for no script when it is clicked, and the other kind is not loaded',
  async (_, methods, expected) => {
    vi.stubGlobal('PublicKeyCredential', class {})
    await page(methods)
    expect([...loaded]).toEqual(expected)
  },
)

test('a state whose step-up names no methods counts all the same', async () => {
  await page(undefined as never)
  expect([...loaded]).toEqual([])
})

test('in a browser that knows no passkeys the step-up begins with the next method, and that is loaded', async () => {
  vi.stubGlobal('PublicKeyCredential', undefined)
  await page(['passkey', 'totp'])
  expect([...loaded]).toEqual(['totp'])
})

test('a dialog that is mounted after the state was read loads it, too', async () => {
  await page(['totp'], { mountsLate: true })
  expect([...loaded]).toEqual(['totp'])
})
