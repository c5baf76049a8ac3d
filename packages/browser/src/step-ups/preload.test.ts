import type { Method } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

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

/** Waits until a browser that does not tell when it is idle was left alone for long enough, and what was asked for then is loaded. */
async function isIdle() {
  await vi.dynamicImportSettled()
  await new Promise((resolve) => setTimeout(resolve, 150))
  await vi.dynamicImportSettled()
}

/** A page with a gate, whose state says with which methods the step-up of the gate can be done. */
async function page(methods: readonly Method[]) {
  const { decision, json, MFA, setup, state, until } = await import('../wire.test-support.ts')
  const decisions = { 'reports.export': decision('reports.export', { outcome: 'step_up', requirement: MFA, next: { methods } }) }
  const { stile, seen } = setup({ 'GET /v1/state': () => json(state({ decisions })) })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  await isIdle()
  expect(seen('POST /v1/step-ups')).toHaveLength(0)
  return stile
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

test.each([{ saveData: true }, { effectiveType: '2g' }, { effectiveType: 'slow-2g' }])(
  'a connection that is metered or slow is left alone until somebody clicks: %o',
  async (connection) => {
    vi.stubGlobal('PublicKeyCredential', class {})
    vi.stubGlobal('navigator', { connection })
    const stile = await page(['passkey'])
    expect(isLoaded).toBe(false)
    stile.stepUp('reports.export', { headless: true })
    await isIdle()
    expect(isLoaded).toBe(true)
  },
)

test('a page that nobody looks at, with somebody who shows step-ups, asks for the nonce of its first proof before it is clicked', async () => {
  const { setup } = await import('../wire.test-support.ts')
  const { stile, arrived } = setup()
  stile.onStepUp(
    () => {},
    () => {},
  )
  await isIdle()
  expect(arrived.map(({ route }) => route)).toEqual(['GET /v1/nonce'])
})

describe('who shows step-ups', () => {
  test('is told what the step-ups of the state begin with, each method once', async () => {
    const { decision, json, MFA, setup, state, until } = await import('../wire.test-support.ts')
    const stepUp = (feature: string) =>
      decision(feature, { outcome: 'step_up', requirement: MFA, next: { methods: ['totp', 'email-otp'] } })
    const decisions = { 'reports.export': stepUp('reports.export'), 'reports.share': stepUp('reports.share') }
    const { stile } = setup({ 'GET /v1/state': () => json(state({ decisions })) })
    const prepared: Method[] = []
    stile.onStepUp(
      () => {},
      (method) => prepared.push(method),
    )
    stile.subscribe(() => {})
    await until(() => prepared.length)
    await isIdle()
    expect(prepared).toEqual(['totp'])
  })

  test('is told it at once if the state is there already', async () => {
    const { setup, until } = await import('../wire.test-support.ts')
    const { stile } = setup()
    stile.subscribe(() => {})
    await until(() => stile.get().status === 'ready')
    const prepared: Method[] = []
    stile.onStepUp(
      () => {},
      (method) => prepared.push(method),
    )
    await until(() => prepared.includes('totp'))
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('injected')
      },
    ],
    ['rejects', () => Promise.reject(new Error('injected'))],
  ])('does no harm to the others if it %s', async (_, fails) => {
    const { setup, until } = await import('../wire.test-support.ts')
    const { stile } = setup()
    const prepared: Method[] = []
    stile.onStepUp(() => {}, fails)
    stile.onStepUp(
      () => {},
      (method) => prepared.push(method),
    )
    stile.subscribe(() => {})
    await until(() => prepared.includes('totp'))
    await isIdle()
  })
})
