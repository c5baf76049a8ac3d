import { expect, onTestFinished, test } from 'vitest'
import { startTestService } from './service.test-support.ts'

/** More than a stream may hold back for a client that does not read. */
const MISSED = 6_000

test('a guard that missed more than a stream holds back gets all of it on one connection', async () => {
  const service = await startTestService()
  onTestFinished(() => service.close())
  const { store } = service
  const generation = await store.changes.generation()
  const before = await store.changes.head()
  const names = Array.from({ length: MISSED }, (_, index) => `account-${index}-${'x'.repeat(40)}`)
  await Promise.all(
    names.map((account) =>
      store.licenses.write({
        record: { account, id: 'lic_1', epoch: 1, tier: 'basic', features: [], state: 'active', stateSince: 1, updatedAt: 1 },
        expectedEpoch: null,
        changes: [{ at: 1, type: 'license', account }],
      }),
    ),
  )
  const abort = new AbortController()
  const response = await fetch(`${service.url}/v1/feed`, {
    headers: { authorization: `Bearer ${await service.key('guard')}`, 'last-event-id': `${generation}:${before}` },
    signal: abort.signal,
  })
  let told = 0
  let rest = ''
  const decoder = new TextDecoder()
  try {
    for await (const chunk of response.body ?? []) {
      rest += decoder.decode(chunk, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      told += lines.filter((line) => line === 'event: license').length
      if (told === MISSED) break
    }
  } catch {
    // cut by the service: what was told says how far it came
  }
  abort.abort()
  expect(told).toBe(MISSED)
})
