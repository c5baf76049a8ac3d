import { expect, test } from 'vitest'
import { createServiceNonces } from './dpop-nonce.ts'

const START = 1_800_000_000
const noncesOf = (secret: number) => createServiceNonces({ secret: new Uint8Array(32).fill(secret), now: () => START })

test('instances with the same secret agree, others do not', () => {
  const nonce = noncesOf(1).current()
  expect(noncesOf(1).handedOutAt(nonce)).toBe(START)
  expect(noncesOf(2).handedOutAt(nonce)).toBeUndefined()
})
