import { describe, expect, test } from 'vitest'
import { compare, spreadOf } from './compare.ts'
import { type Figure, figuresIn } from './figures.ts'

const figures = (values: readonly number[], better: Figure['better'] = 'lower'): Figure[] =>
  values.map((value) => ({ name: 'a', value, unit: 'µs', better }))
const verdict = (before: readonly number[], now: readonly number[], better?: Figure['better']) =>
  compare(figures(before, better), figures(now, better))[0]?.verdict

describe('slower', () => {
  test('is what is worse by more than 3 % and by more than the same code differs from round to round', () => {
    expect(verdict([100, 101, 100, 99, 100], [106, 105, 106, 107, 106])).toBe('slower')
    expect(verdict([100, 101, 100, 99, 100], [102, 102, 102, 102, 102]), 'less than 3 %').toBe('same')
    expect(verdict([90, 100, 110, 95, 105], [106, 105, 106, 107, 106]), 'less than the noise of before').toBe('same')
    expect(verdict([100, 101, 100, 99, 100], [96, 106, 116, 101, 111]), 'less than the noise of now').toBe('same')
  })

  test('looks at the median, so that one bad round counts for nothing', () => {
    expect(verdict([100, 100, 100, 100, 100], [100, 100, 100, 100, 900])).toBe('same')
  })

  test('turns round for figures of which more is better', () => {
    expect(verdict([100, 100, 100], [90, 90, 90], 'higher')).toBe('slower')
    expect(verdict([100, 100, 100], [110, 110, 110], 'higher')).toBe('faster')
    expect(verdict([100, 100, 100], [90, 90, 90])).toBe('faster')
  })

  test('says nothing of a figure that only one side has', () => {
    expect(compare(figures([1]), [{ name: 'b', value: 1, unit: 'µs', better: 'lower' }])).toEqual([])
  })
})

test('quartiles lie between measurements', () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ lower: 1.75, median: 2.5, upper: 3.25 })
  expect(spreadOf([7])).toEqual({ lower: 7, median: 7, upper: 7 })
})

describe('figures', () => {
  test('are read from their lines alone if there are any', () => {
    const printed = 'token, new    12.00 µs    0.5 of raw\nfigure guard: token, new = 12.345 µs, lower is better\n'
    expect(figuresIn(printed)).toEqual([{ name: 'guard: token, new', value: 12.345, unit: 'µs', better: 'lower' }])
  })

  test('are read from what benchmarks printed before, under the same names', () => {
    const printed = `raw ES256 verification              81.20 µs    1.000 of raw
decide permit         642 ns  12.3x table
store: 9120 durable writes/s with group commit, 16 step-ups at once (goal 8000)
store: 1800 durable writes/s with one commit per write; group commit is 5.1 times that
step-up: 640/s, 1.31 ms CPU each: Stile, with device proofs
`
    expect(figuresIn(printed).map(({ name, value, better }) => [name, value, better])).toEqual([
      ['guard: raw ES256 verification', 81.2, 'lower'],
      ['decide: decide permit', 642, 'lower'],
      ['store: group commit', 9120, 'higher'],
      ['store: one commit per write', 1800, 'higher'],
      ['step-up: Stile, with device proofs', 640, 'higher'],
      ['step-up, CPU: Stile, with device proofs', 1.31, 'lower'],
    ])
  })
})
