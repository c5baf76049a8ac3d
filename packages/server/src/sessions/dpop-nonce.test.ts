import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDpopNonces, NONCE_LIFETIME_SECONDS, NONCE_WINDOW_SECONDS } from './dpop-nonce.ts'

const secret = new Uint8Array(32).fill(1)
const nonces = createDpopNonces(secret)
/** The beginning of a window. */
const START = NONCE_WINDOW_SECONDS * 12_000_000

test('a nonce is accepted in its window and the next one, and no longer than five minutes', () => {
  const nonce = nonces.current(START)
  expect(nonces.accepts(nonce, START)).toBe(true)
  expect(nonces.accepts(nonce, START + NONCE_LIFETIME_SECONDS - 1)).toBe(true)
  expect(nonces.accepts(nonce, START + NONCE_LIFETIME_SECONDS)).toBe(false)
  expect(NONCE_LIFETIME_SECONDS).toBeLessThanOrEqual(300)
})

test('a nonce of the future is refused', () => {
  expect(nonces.accepts(nonces.current(START + NONCE_WINDOW_SECONDS), START)).toBe(false)
})

test('instances with the same secret agree, others do not', () => {
  expect(createDpopNonces(secret).accepts(nonces.current(START), START)).toBe(true)
  expect(createDpopNonces(new Uint8Array(32).fill(2)).accepts(nonces.current(START), START)).toBe(false)
})

test('nobody without the secret guesses one, and nothing throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ minLength: 43, maxLength: 43 })),
      fc.integer({ min: 0, max: 4e9 }),
      (nonce, now) => {
        expect(nonces.accepts(nonce, now)).toBe(false)
      },
    ),
  )
})

test('a nonce handed out at any time is good for the next two and a half minutes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: NONCE_WINDOW_SECONDS }), (now, later) => {
      expect(nonces.accepts(nonces.current(now), now + later)).toBe(true)
    }),
  )
})
