import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { createDpopNonces, type DpopNonces, NONCE_LIFETIME_SECONDS, NONCE_STEP_SECONDS } from './nonces.ts'

const START = 1_800_000_000

let time: number
let nonces: DpopNonces
const madeWith = (key: string, ahead = 0): DpopNonces => createDpopNonces({ key: new TextEncoder().encode(key), now: () => time + ahead })

beforeEach(() => {
  time = START
  nonces = madeWith('one')
})

test('threat: proofs are signed ahead and kept. A nonce is good for a minute and not a second longer', () => {
  const nonce = nonces.current()
  for (; time < START + NONCE_LIFETIME_SECONDS; time++) expect(nonces.handedOutAt(nonce)).toBe(START)
  for (; time < START + 10 * NONCE_LIFETIME_SECONDS; time++) expect(nonces.handedOutAt(nonce)).toBeUndefined()
  expect(NONCE_LIFETIME_SECONDS).toBeLessThanOrEqual(60)
})

test('a nonce is good for 45 seconds after it was received, whenever that was', () => {
  for (let second = 0; second < NONCE_STEP_SECONDS; second++) {
    time = START + second
    const nonce = nonces.current()
    time += NONCE_LIFETIME_SECONDS - NONCE_STEP_SECONDS
    expect(nonces.handedOutAt(nonce)).toBe(START)
  }
})

test('threat: a nonce of the future, from a process whose clock is wrong, makes proofs live longer', () => {
  time = START + NONCE_STEP_SECONDS - 1
  expect(nonces.handedOutAt(madeWith('one', 5).current())).toBe(START + NONCE_STEP_SECONDS)
  time = START
  for (const ahead of [NONCE_STEP_SECONDS, NONCE_LIFETIME_SECONDS, 86_400]) {
    expect(nonces.handedOutAt(madeWith('one', ahead).current())).toBeUndefined()
  }
})

test('processes with the same key accept each other’s nonces, and after a restart', () => {
  expect(madeWith('one').handedOutAt(nonces.current())).toBe(START)
  expect(madeWith('one', -20).handedOutAt(madeWith('one', -20).current())).toBe(START - 30)
})

test('threat: the nonce of another key is taken', () => {
  for (const other of ['two', '', 'one ']) expect(nonces.handedOutAt(madeWith(other).current())).toBeUndefined()
})

test('threat: a nonce that was made up, cut, lengthened or altered in one place', () => {
  const nonce = nonces.current()
  fc.assert(fc.property(fc.string(), (text) => nonces.handedOutAt(text) === undefined))
  for (const text of [
    '',
    nonce.slice(1),
    nonce.slice(0, -1),
    `${nonce}A`,
    `${nonce}=`,
    ` ${nonce}`,
    nonce.toLowerCase(),
    nonce.repeat(100),
  ]) {
    expect(nonces.handedOutAt(text)).toBeUndefined()
  }
  for (let index = 0; index < nonce.length; index++) {
    const altered = nonce.slice(0, index) + (nonce[index] === 'A' ? 'B' : 'A') + nonce.slice(index + 1)
    expect(nonces.handedOutAt(altered)).toBeUndefined()
  }
})

test('a nonce tells nothing: no two steps and no two keys have the same one', () => {
  const seen = new Set<string>()
  for (let step = 0; step < 100; step++) {
    seen.add(nonces.current()).add(madeWith('two').current())
    time += NONCE_STEP_SECONDS
  }
  expect(seen.size).toBe(200)
  for (const nonce of seen) expect(nonce).toMatch(/^[\w-]{43}$/)
})
