/** One number that a benchmark measured. */
export type Figure = Readonly<{ name: string; value: number; unit: string; better: 'lower' | 'higher' }>

const FIGURE = /^figure (?<name>.+) = (?<value>[\d.]+) (?<unit>\S+), (?<better>lower|higher) is better$/

/** How benchmarks said the same before they printed figures: text for people, one line or two for each figure. */
const BEFORE: readonly Readonly<{ line: RegExp; name: (found: Found) => string; unit: string; better: Figure['better'] }>[] = [
  { line: /^(?<name>.+?) +(?<value>[\d.]+) µs +[\d.]+ of raw$/, name: ({ name }) => `guard: ${name}`, unit: 'µs', better: 'lower' },
  { line: /^(?<name>.+?) +(?<value>[\d.]+) ns +[\d.]+x table$/, name: ({ name }) => `decide: ${name}`, unit: 'ns', better: 'lower' },
  {
    line: /^store: (?<value>\d+) durable writes\/s with (?<name>group commit|one commit per write)/,
    name: ({ name }) => `store: ${name}`,
    unit: 'writes/s',
    better: 'higher',
  },
  {
    line: /^step-up: (?<value>\d+)\/s, [\d.]+ ms CPU each: (?<name>.+)$/,
    name: ({ name }) => `step-up: ${name}`,
    unit: '/s',
    better: 'higher',
  },
  {
    line: /^step-up: \d+\/s, (?<value>[\d.]+) ms CPU each: (?<name>.+)$/,
    name: ({ name }) => `step-up, CPU: ${name}`,
    unit: 'ms',
    better: 'lower',
  },
]

type Found = Readonly<Record<string, string>>

/** The figures in what a benchmark printed. */
export function figuresIn(printed: string): readonly Figure[] {
  const lines = printed.split('\n').map((line) => line.trimEnd())
  const figures = lines.flatMap((line): Figure[] => {
    const { name = '', value, unit = '', better } = FIGURE.exec(line)?.groups ?? {}
    return better === undefined ? [] : [{ name, value: Number(value), unit, better: better as Figure['better'] }]
  })
  if (figures.length > 0) return figures
  return lines.flatMap((line) =>
    BEFORE.flatMap(({ line: pattern, name, unit, better }): Figure[] => {
      const found = pattern.exec(line)?.groups
      return found ? [{ name: name(found), value: Number(found.value), unit, better }] : []
    }),
  )
}
