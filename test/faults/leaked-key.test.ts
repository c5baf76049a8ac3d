import { afterAll, beforeAll, expect, test } from 'vitest'
import { enrollTotp, tokenOf } from '../support/ceremonies.ts'
import type { NodeClient } from '../support/node-client.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let alice: NodeClient
beforeAll(async () => {
  stack = await startStack()
  await stack.license('acme', { tier: 'pro', state: 'active' })
  alice = await stack.person({ sub: 'alice', account: 'acme' })
  await enrollTotp(alice, stack.clock.now())
})
afterAll(() => stack.close())

const statusOf = async (token: string): Promise<number> => (await alice.api('GET', '/export', { token })).status
const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid

test('keys that are rotated by hand disturb nobody', async () => {
  const token = await tokenOf(alice)
  expect(await stack.stile('keys', 'rotate')).toMatchObject({ code: 0 })
  expect([await statusOf(token), await statusOf(await tokenOf(alice))]).toEqual([200, 200])
})

test('threat: a signing key has leaked. Within a second APIs refuse what it signed, and new tokens work at once', async () => {
  const token = await tokenOf(alice)
  expect(await statusOf(token)).toBe(200)
  expect(await stack.stile('keys', 'rotate', '--compromised')).toMatchObject({ code: 0 })
  await expect.poll(() => statusOf(token), { timeout: 1_000, interval: 20 }).toBe(401)
  await expect.poll(async () => kidOf(await tokenOf(alice)), { timeout: 1_000 }).not.toBe(kidOf(token))
  expect(await statusOf(await tokenOf(alice))).toBe(200)
  // nothing that was proven is lost, and the feed goes on with the new key
  await stack.heard()
  expect(await statusOf(token)).toBe(401)
})
