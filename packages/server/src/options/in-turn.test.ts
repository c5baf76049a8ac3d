import { expect, test } from 'vitest'
import { createInTurn } from './in-turn.ts'

/** A call that notes when it begins and ends, and ends when it is told to. */
function callsOf(log: string[]) {
  return (name: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const call = async () => {
      log.push(`${name} begins`)
      return promise.finally(() => log.push(`${name} ends`))
    }
    return { call, resolve: () => resolve(name), reject: () => reject(new Error(name)) }
  }
}

test('calls of one key wait for each other in the order in which they came, also if one fails, and those of another do not', async () => {
  const log: string[] = []
  const create = callsOf(log)
  const inTurn = createInTurn()
  const [first, second, third, other] = [create('first'), create('second'), create('third'), create('other')]
  const answers = Promise.allSettled([inTurn('a', first.call), inTurn('a', second.call), inTurn('a', third.call), inTurn('b', other.call)])
  third.resolve()
  second.reject()
  other.resolve()
  await inTurn('b', async () => undefined)
  expect(log).toEqual(['first begins', 'other begins', 'other ends'])
  first.resolve()
  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect(log.slice(3)).toEqual(['first ends', 'second begins', 'second ends', 'third begins', 'third ends'])
})

test('a call that comes after the others have settled begins at once', async () => {
  const inTurn = createInTurn()
  await expect(inTurn('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  let begun = false
  const answer = inTurn('a', async () => {
    begun = true
  })
  expect(begun).toBe(true)
  await answer
})
