import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDomain, type TestDomain } from '../domain.test-support.ts'
import type { Store } from '../stores/store.ts'
import { GUESS_WINDOW_SECONDS, guessesLeft, takeGuess } from './limits.ts'

let world: TestDomain
beforeEach(async () => {
  world = await createTestDomain()
})
afterEach(() => world.close())

const by = (ceremony: string, subject = 'main|alice') => ({ subject, ceremony })

async function wrong(times: number, ceremony: string): Promise<void> {
  for (let count = 0; count < times; count++) await takeGuess(world.domain, by(ceremony))
}

test('a guess that was given back is as if it had never been', async () => {
  const guess = await takeGuess(world.domain, by('a'))
  expect(guess.left).toBe(4)
  expect(await guessesLeft(world.domain, by('a'))).toBe(4)
  await guess.forgive()
  expect(await guessesLeft(world.domain, by('a'))).toBe(5)
})

test('guesses that were refused in a burst leave nothing behind once the right one among them is given back', async () => {
  await wrong(4, 'a')
  await wrong(5, 'b')
  const burst = await Promise.allSettled([1, 2, 3, 4].map(() => takeGuess(world.domain, by('c'))))
  const [taken, ...others] = burst.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  expect(others).toEqual([])
  await taken?.forgive()
  expect(await guessesLeft(world.domain, by('c'))).toBe(1)
})

test('the window of a subject begins with the first guess and is not drawn out by later ones', async () => {
  await wrong(5, 'a')
  world.clock.advance(GUESS_WINDOW_SECONDS - 1)
  await wrong(5, 'b')
  expect(await guessesLeft(world.domain, by('c'))).toBe(0)
  world.clock.advance(1)
  expect(await guessesLeft(world.domain, by('c'))).toBe(5)
})

test('threat: guesses in flight over the end of a window would buy more in the next', async () => {
  for (const ceremony of ['a', 'b']) await wrong(4, ceremony)
  world.clock.advance(GUESS_WINDOW_SECONDS - 1)
  const late = await takeGuess(world.domain, by('a'))
  world.clock.advance(1)
  await wrong(5, 'c')
  await wrong(5, 'd')
  await late.forgive()
  const burst = await Promise.allSettled(Array.from({ length: 40 }, (_, index) => takeGuess(world.domain, by(`e${index}`))))
  expect(burst.filter(({ status }) => status === 'fulfilled')).toEqual([])
})

test('a guess that the budget of the subject refuses leaves the one of its ceremony whole', async () => {
  await wrong(5, 'a')
  await wrong(5, 'b')
  await Promise.allSettled([1, 2, 3].map(() => takeGuess(world.domain, by('c'))))
  world.clock.advance(GUESS_WINDOW_SECONDS)
  await wrong(5, 'c')
  await expect(takeGuess(world.domain, by('c'))).rejects.toMatchObject({ code: 'too_many_attempts' })
})

test('a store that fails between the two budgets charges neither', async () => {
  const { store } = world.domain
  const attempts: Store['attempts'] = {
    ...store.attempts,
    hit: async (input) => {
      if (input.key.includes('subject')) throw new Error('disk I/O error')
      return store.attempts.hit(input)
    },
  }
  await expect(takeGuess({ ...world.domain, store: { ...store, attempts } }, by('a'))).rejects.toThrow('disk')
  expect(await guessesLeft(world.domain, by('a'))).toBe(5)
})
