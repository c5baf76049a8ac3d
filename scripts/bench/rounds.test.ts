import { describe, expect, test } from 'vitest'
import { judge, measureInTurns, ratios } from './rounds.ts'

describe('rounds of a benchmark', () => {
  test('run in turns, and the order changes from round to round', async () => {
    const order: string[] = []
    const contestant = (name: string) => async () => ({ nth: order.push(name) })
    const measured = await measureInTurns({ contestants: { ours: contestant('ours'), peer: contestant('peer') }, rounds: 2, warmUps: 1 })
    expect(order).toEqual(['ours', 'peer', 'peer', 'ours', 'ours', 'peer'])
    expect(measured).toEqual({ ours: [{ nth: 4 }, { nth: 5 }], peer: [{ nth: 3 }, { nth: 6 }] })
  })

  test('are compared with the same round of the other', () => {
    expect(ratios([{ ms: 2 }, { ms: 30 }], [{ ms: 1 }, { ms: 10 }], 'ms')).toEqual([2, 3])
  })
})

describe('a goal', () => {
  const goal = { name: 'share', unit: 'x' }

  test('is held if the median reaches it', () => {
    expect(judge({ ...goal, values: [0.9, 0.9, 0.95], atLeast: 0.9 }).verdict).toBe('held')
    expect(judge({ ...goal, values: [1.3, 1.3, 1.2], atMost: 1.3 }).verdict).toBe('held')
  })

  test('is missed only by more than the noise', () => {
    expect(judge({ ...goal, values: [0.8, 0.89, 1], atLeast: 0.9 }).verdict).toBe('within the noise')
    expect(judge({ ...goal, values: [0.8, 0.8, 0.81], atLeast: 0.9 }).verdict).toBe('missed')
    expect(judge({ ...goal, values: [1.1, 1.4, 1.7], atMost: 1.3 }).verdict).toBe('within the noise')
    expect(judge({ ...goal, values: [1.4, 1.4, 1.41], atMost: 1.3 }).verdict).toBe('missed')
  })

  test('is missed by what is no number', () => {
    expect(judge({ ...goal, values: [Number.NaN, Number.NaN], atMost: 1 }).verdict).toBe('missed')
    expect(judge({ ...goal, values: [], atLeast: 1 }).verdict).toBe('missed')
  })
})
