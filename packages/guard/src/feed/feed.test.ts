import { expect, test, vi } from 'vitest'
import type { GuardLog } from '../options/options.ts'
import type { ServiceClient } from '../service/service-client.ts'
import { openFeed } from './feed.ts'

/** How long a 503 of the guard says to wait, in milliseconds: afterwards the feed must be back. */
const RETRY_AFTER_MS = 5_000

const opened = async (open: ServiceClient['open'], outageMs: number, log: GuardLog = () => undefined): Promise<number[]> => {
  vi.useFakeTimers()
  try {
    const at: number[] = []
    const feed = openFeed({
      client: {
        get: () => Promise.reject(new Error('not asked')),
        open(...question) {
          at.push(Date.now())
          return open(...question)
        },
        isKeyRefused: () => false,
      },
      verifyCheckpoint: () => Promise.reject(new Error('none comes')),
      listener: { onCheckpoint: () => undefined, onEvent: () => undefined, onUnreadable: () => undefined },
      log,
      staleSeconds: 30,
      random: () => 1,
    })
    await vi.advanceTimersByTimeAsync(outageMs)
    await feed.close()
    return at
  } finally {
    vi.useRealTimers()
  }
}
const gapsOf = (times: readonly number[]): number[] => times.slice(1).map((time, index) => time - (times[index] ?? 0))

test('threat: after a long outage the guard stays away for longer than its refusals say', async () => {
  const gaps = gapsOf(await opened(() => Promise.reject(new Error('refused')), 120_000))
  expect(Math.max(...gaps)).toBeLessThanOrEqual(RETRY_AFTER_MS)
  // and it does not become a storm
  expect(gaps.length).toBeLessThan(80)
})

test.each<[string, ServiceClient['open']]>([
  ['no answer', (_path, _headers, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))],
  [
    'an answer without a message',
    (_path, _headers, signal) =>
      Promise.resolve(new ReadableStream({ start: (stream) => signal.addEventListener('abort', () => stream.error(signal.reason)) })),
  ],
])('threat: a service that hangs, with %s, holds the guard for longer than its refusals say', async (_, open) => {
  expect(Math.max(...gapsOf(await opened(open, 60_000)))).toBeLessThanOrEqual(RETRY_AFTER_MS)
})

test('a service that starts a moment after the guard is no warning, and one that stays away is', async () => {
  const levels: string[] = []
  const refused = () => Promise.reject(new Error('ECONNREFUSED'))
  await opened(refused, 1_000, (level) => levels.push(level))
  expect(new Set(levels)).toEqual(new Set(['info']))
  await opened(refused, 10_000, (level) => levels.push(level))
  expect(levels.at(-1)).toBe('warn')
})
