import type { Figure } from './figures.ts'

/** Below this a difference is none, however steady the figures are. */
const LEAST_DIFFERENCE = 0.03

/** The middle of several measurements of one figure, and the quartiles around it. */
export type Spread = Readonly<{ lower: number; median: number; upper: number }>

/** One figure on both sides. */
export type Comparison = Readonly<{
  name: string
  unit: string
  before: Spread
  now: Spread
  /** By how much it is worse now, as a share of what it was; negative if it is better. */
  worse: number
  /** The larger distance between the quartiles of one side: what the same code differs by from round to round. */
  noise: number
  verdict: 'slower' | 'faster' | 'same'
}>

/** Median and quartiles, interpolated between measurements. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (share: number): number => {
    const place = share * (sorted.length - 1)
    const [below = Number.NaN, above = below] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
    return below + (above - below) * (place - Math.floor(place))
  }
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) }
}

/** Compares every figure that both sides have measured. Slower is what is worse by more than 3 % and by more than the noise. */
export function compare(before: readonly Figure[], now: readonly Figure[]): readonly Comparison[] {
  const names = [...new Set(now.map(({ name }) => name))].filter((name) => before.some((figure) => figure.name === name))
  return names.map((name) => {
    const valuesOf = (figures: readonly Figure[]) => figures.filter((figure) => figure.name === name).map(({ value }) => value)
    const [was, is] = [spreadOf(valuesOf(before)), spreadOf(valuesOf(now))]
    const { unit = '', better = 'lower' } = now.find((figure) => figure.name === name) ?? {}
    const change = is.median / was.median - 1
    const worse = better === 'lower' ? change : -change
    const noise = Math.max(was.upper - was.lower, is.upper - is.lower) / was.median
    const limit = Math.max(noise, LEAST_DIFFERENCE)
    return { name, unit, before: was, now: is, worse, noise, verdict: worse > limit ? 'slower' : worse < -limit ? 'faster' : 'same' }
  })
}

/** The comparisons as a table for people. */
export function tableOf(comparisons: readonly Comparison[]): string {
  const number = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
  const spread = ({ lower, median, upper }: Spread) => `${number(median)} (${number(lower)} to ${number(upper)})`
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const rows = comparisons.map(({ name, unit, before, now, worse, noise, verdict }) => [
    `${name}, ${unit}`,
    spread(before),
    spread(now),
    `${percent(Math.abs(worse))} ${worse > 0 ? 'worse' : 'better'}`,
    percent(noise),
    verdict,
  ])
  const all = [['figure', 'before: median (quartiles)', 'now: median (quartiles)', 'difference', 'noise', 'verdict'], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
