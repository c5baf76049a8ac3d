import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDomain, type TestDomain } from '../domain.test-support.ts'
import { problemOf } from '../step-ups/world.test-support.ts'
import { GUESS_WINDOW_SECONDS, guessesLeft, takeGuess } from './guesses.ts'

let world: TestDomain
beforeEach(async () => {
  world = await createTestDomain()
})
afterEach(() => world.close())

const by = (ceremony: string, subject = 'main|alice') => ({ subject, budget: 'owner', ceremony }) as const

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

test('wrong guesses are forgotten a quarter of an hour after each, and not before', async () => {
  await wrong(5, 'a')
  world.clock.advance(GUESS_WINDOW_SECONDS - 1)
  await wrong(4, 'b')
  expect(await guessesLeft(world.domain, by('c'))).toBe(1)
  world.clock.advance(1)
  expect(await guessesLeft(world.domain, by('c'))).toBe(5)
  await wrong(5, 'c')
  expect(await guessesLeft(world.domain, by('d'))).toBe(1)
})

test('threat: guesses at the end of one window and the beginning of the next would be more than ten in fifteen minutes', async () => {
  await wrong(1, 'a')
  world.clock.advance(GUESS_WINDOW_SECONDS - 10)
  await wrong(4, 'a')
  await wrong(4, 'b')
  world.clock.advance(10)
  const burst = await Promise.allSettled(Array.from({ length: 40 }, (_, index) => takeGuess(world.domain, by(`c${index}`))))
  expect(burst.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
})

test('threat: guesses in flight while a block ends would buy more afterwards', async () => {
  await wrong(4, 'a')
  await wrong(4, 'b')
  const late = [await takeGuess(world.domain, by('c')), await takeGuess(world.domain, by('c'))]
  world.clock.advance(GUESS_WINDOW_SECONDS)
  await wrong(5, 'd')
  await wrong(5, 'e')
  for (const each of late) await each.forgive()
  const burst = await Promise.allSettled(Array.from({ length: 40 }, (_, index) => takeGuess(world.domain, by(`f${index}`))))
  expect(burst.filter(({ status }) => status === 'fulfilled')).toEqual([])
})

describe('a user who uses up all guesses again and again', () => {
  /** Uses up the budget; answers how long the block is. */
  async function exhaust(): Promise<number> {
    for (let count = 0; count < 10; count++) await takeGuess(world.domain, by(`${world.clock.now()}-${count}`))
    const { retryAfter } = await problemOf(takeGuess(world.domain, by('more')))
    return retryAfter as number
  }

  test('is blocked twice as long each time, and never longer than a day', async () => {
    const blocks: number[] = []
    for (let round = 0; round < 9; round++) {
      const block = await exhaust()
      blocks.push(block / 60)
      world.clock.advance(block - 1)
      expect(await guessesLeft(world.domain, by('x'))).toBe(0)
      world.clock.advance(1)
      expect(await guessesLeft(world.domain, by('x'))).toBe(5)
    }
    expect(blocks).toEqual([15, 30, 60, 120, 240, 480, 960, 1440, 1440])
  })

  test('is forgotten step by step, one for each day without', async () => {
    for (let round = 0; round < 3; round++) world.clock.advance(await exhaust())
    world.clock.advance(86_400 - 1)
    expect(await exhaust()).toBe(120 * 60)
    world.clock.advance(120 * 60 + 2 * 86_400)
    expect(await exhaust()).toBe(60 * 60)
    world.clock.advance(30 * 86_400)
    await world.domain.store.sweep(world.clock.now())
    expect(await exhaust()).toBe(15 * 60)
  })

  test('threat: a sweep would forget how often', async () => {
    world.clock.advance(await exhaust())
    world.clock.advance(86_400 - 1)
    await world.domain.store.sweep(world.clock.now())
    expect(await exhaust()).toBe(30 * 60)
  })

  test('is not blocked if the last guess of all was right', async () => {
    for (let count = 0; count < 9; count++) await takeGuess(world.domain, by(`a${count}`))
    const last = await takeGuess(world.domain, by('b'))
    expect((await problemOf(takeGuess(world.domain, by('c')))).code).toBe('too_many_attempts')
    await last.forgive()
    expect(await guessesLeft(world.domain, by('c'))).toBe(1)
    expect(await exhaustOne()).toBe(15 * 60)
  })

  async function exhaustOne(): Promise<number> {
    await takeGuess(world.domain, by('last'))
    return (await problemOf(takeGuess(world.domain, by('more')))).retryAfter as number
  }
})

test('a guess that the budget of the subject refuses leaves the one of its ceremony whole', async () => {
  await wrong(5, 'a')
  await wrong(5, 'b')
  await Promise.allSettled([1, 2, 3].map(() => takeGuess(world.domain, by('c'))))
  world.clock.advance(GUESS_WINDOW_SECONDS)
  await wrong(5, 'c')
  await expect(takeGuess(world.domain, by('c'))).rejects.toMatchObject({ code: 'too_many_attempts' })
})

test('another subject is never charged, and a ceremony only if there is one', async () => {
  await wrong(5, 'a')
  for (let count = 0; count < 5; count++) await takeGuess(world.domain, { subject: 'main|alice', budget: 'owner' })
  expect(await guessesLeft(world.domain, by('b'))).toBe(0)
  expect(await guessesLeft(world.domain, by('b', 'main|bob'))).toBe(5)
})
