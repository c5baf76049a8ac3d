import { type Spread, spreadOf } from './compare.ts'

/** How one contestant is measured once: it returns its figures by name, for example `{ perSecond, cpuMicros }`. */
export type Measure<N extends string> = () => Promise<Readonly<Record<N, number>>>

/** What each contestant measured, one entry a round: entries with the same index were measured in the same round. */
export type Measured<C extends string, N extends string> = Readonly<Record<C, readonly Readonly<Record<N, number>>[]>>

/**
 * Measures contestants in turns, each round in the other order than the one before, because the speed of a shared machine changes while
 * they run: only figures of one round can be compared with each other.
 *
 * @param options.contestants  by name, in the order of the first round
 * @param options.rounds       how many rounds count (default: 7)
 * @param options.warmUps      how many rounds run before those and do not count (default: 1)
 */
export async function measureInTurns<C extends string, N extends string>({
  contestants,
  rounds = 7,
  warmUps = 1,
}: Readonly<{ contestants: Readonly<Record<C, Measure<N>>>; rounds?: number; warmUps?: number }>): Promise<Measured<C, N>> {
  const names = Object.keys(contestants) as C[]
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<C, Record<N, number>[]>
  for (let round = 0; round < warmUps + rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const figures = await contestants[name]()
      if (round >= warmUps) measured[name].push({ ...figures })
    }
  }
  return measured
}

/** The ratio of two contestants' figures, round by round. */
export function ratios<N extends string>(of: readonly Readonly<Record<N, number>>[], to: typeof of, figure: N): readonly number[] {
  return of.map((mine, round) => mine[figure] / (to[round]?.[figure] ?? Number.NaN))
}

/** What a benchmark promises of one figure. */
export type Goal = Readonly<{
  name: string
  /** One value a round. */
  values: readonly number[]
  unit: string
}> &
  (Readonly<{ atMost: number; atLeast?: never }> | Readonly<{ atLeast: number; atMost?: never }>)

/** Whether a goal holds: it is missed by more than the noise if the median is further from it than the quartiles are from each other. */
export type Verdict = Readonly<{ spread: Spread; noise: number; verdict: 'held' | 'within the noise' | 'missed' }>

/** Judges one goal; values that are no numbers miss it. */
export function judge({ values, atMost, atLeast }: Goal): Verdict {
  const spread = spreadOf(values)
  const noise = spread.upper - spread.lower
  const missedBy = atMost === undefined ? (atLeast ?? Number.NaN) - spread.median : spread.median - atMost
  if (missedBy <= 0) return { spread, noise, verdict: 'held' }
  return { spread, noise, verdict: missedBy <= noise ? 'within the noise' : 'missed' }
}

/**
 * Prints each goal beside what was measured, as text and as a figure for `--against`, and sets the exit code to 1 if one was missed by more
 * than the noise.
 */
export function reportGoals(goals: readonly Goal[]): void {
  const number = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3))
  for (const goal of goals) {
    const { spread, verdict } = judge(goal)
    const asked = goal.atMost === undefined ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`
    console.log(
      `goal   ${goal.name}: ${number(spread.median)} ${goal.unit} (${number(spread.lower)} to ${number(spread.upper)}), ${asked}: ${verdict}`,
    )
    if (verdict === 'missed') process.exitCode = 1
  }
  for (const goal of goals) {
    const better = goal.atMost === undefined ? 'higher' : 'lower'
    console.log(`figure ${goal.name} = ${spreadOf(goal.values).median.toFixed(3)} ${goal.unit}, ${better} is better`)
  }
}
