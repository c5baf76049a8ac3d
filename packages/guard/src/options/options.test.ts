import { totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { createGuard } from '../express/index.ts'
import { createGuard as createCore } from '../guard.ts'
import { type Feature, optionsFor, policy, type Wire } from '../wire.test-support.ts'
import type { GuardOptions } from './options.ts'

const unreachable: typeof fetch = (_url, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))
  })
const good = optionsFor({ url: 'https://stile.example.com', clock: { now: 1 } } as Wire, {
  // never answers, so that nothing of these tests leaves the machine
  service: { url: 'https://stile.example.com', key: 'k', fetch: unreachable },
})
const error = (change: Record<string, unknown>): unknown => {
  try {
    createCore({ ...good, ...change } as GuardOptions<Feature>)
    return undefined
  } catch (thrown) {
    return thrown
  }
}

test('every option that is wrong is named, with the fix', () => {
  const wrong: readonly [string, Record<string, unknown>][] = [
    ['service', { service: undefined }],
    ['service.url', { service: { url: 'stile.example.com', key: 'k' } }],
    ['service.url', { service: { url: 'https://user:pw@stile.example.com', key: 'k' } }],
    ['service.key', { service: { url: 'https://stile.example.com', key: '' } }],
    ['service.key', { service: { url: 'https://stile.example.com', key: 'a\nb' } }],
    ['audience', { audience: '' }],
    ['policy', { policy: { ...policy } }],
    ['identify', { identify: undefined }],
    ['origin', { origin: 'api.example.com' }],
    ['origin', { origin: 'https://api.example.com/?x' }],
    ['outage', { outage: '8d' }],
    ['outage', { outage: 'soon' }],
    ['staleSeconds', { staleSeconds: 5 }],
    ['observe', { observe: 'yes' }],
    ['memory', { memory: 64 }],
    ['memory.licenses', { memory: { licenses: 0 } }],
    ['memory.replay', { memory: { replay: -1 } }],
    ['memory.tokens', { memory: { tokens: Number.NaN } }],
    ['memory.tokens', { memory: { tokens: '32' } }],
    ['memory.revocations', { memory: { revocations: Number.POSITIVE_INFINITY } }],
    ['memory.revocations', { memory: { revocations: totalmem() } }],
    ['memory.license', { memory: { license: 32 } }],
    ['now', { now: 7 }],
    ['log', { log: {} }],
  ]
  for (const [option, change] of wrong) {
    expect(error(change)).toMatchObject({ name: 'GuardError', code: 'invalid_option', option, message: expect.stringContaining(option) })
  }
})

test('threat: the key of the service is read on the way. Clear text is for this machine alone', async () => {
  const hosts = ['stile.example.com', '10.0.0.7', '192.168.0.2:4000', 'localhost.example.com', '127.0.0.1.example.com', 'notlocalhost']
  for (const host of [...hosts, '[::2]', '0.0.0.0', 'localhost@stile.example.com']) {
    expect(error({ service: { url: `http://${host}`, key: 'k', fetch: unreachable } })).toMatchObject({
      code: 'invalid_option',
      option: 'service.url',
    })
  }
  expect(String(error({ service: { url: 'http://stile.example.com', key: 'k' } }))).toMatch(/clear text.*https URL/)
  for (const host of ['localhost:4000/stile', 'stile.localhost', '127.0.0.1:4000', '127.1', '[::1]:4000']) {
    const guard = createCore({ ...good, service: { url: `http://${host}`, key: 'k', fetch: unreachable } })
    await guard.close()
  }
})

test('a budget that is wrong is told with what was expected, what came and what to give', () => {
  const most = Math.floor(totalmem() / 2 ** 20)
  expect(String(error({ memory: { replay: 0 } }))).toContain(
    `memory.replay must be a number from 1 to ${most}, got 0, so nothing can be guarded.`,
  )
  expect(String(error({ memory: { replay: 0 } }))).toContain('leave it out for 64')
  expect(String(error({ memory: { replay: 'secret'.repeat(50) } })).length).toBeLessThan(300)
})

test('a key never stands in the message that refuses it', () => {
  expect(String(error({ service: { url: 'https://stile.example.com', key: 'stile_g_hidden with spaces' } }))).not.toContain('hidden')
})

test('a route for a feature that does not exist throws when it is made, and says what was meant', async () => {
  const guard = createGuard(good)
  const typo = 'reports.exprot' as Feature
  expect(() => guard.require(typo)).toThrow('Did you mean “reports.export”?')
  expect(() => guard.require('zzz' as Feature)).toThrow('It has: reports.view')
  await guard.close()
})

test('feature names are types', () => {
  const guard = (): unknown => {
    const made = createGuard(good)
    // @ts-expect-error: the policy has no such feature
    return made.require('reports.exprot')
  }
  expect(guard).toThrow('reports.exprot')
})
