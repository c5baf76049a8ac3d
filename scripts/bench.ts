import { globSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { compare, tableOf } from './bench/compare.ts'
import { type Figure, figuresIn } from './bench/figures.ts'
import { type Ended, runChild } from './bench/run-child.ts'
import { addWorktree } from './bench/worktree.ts'

const HELP = `Runs every benchmark, or those that have one of the words in their path. Figures are only worth something on an idle machine.

  pnpm bench [word ...]
  pnpm bench [word ...] --against <ref> [--rounds N]

  --against <ref>   checks out another commit beside this working tree, installs its dependencies, and runs the benchmarks of both in
                    turns. Prints the median and the quartiles of each figure on both sides. A figure is slower if it is worse by more than
                    3 % and by more than the distance between the quartiles of either side, which is what the same code differs by
  --rounds N        how often each benchmark runs on each side (default: 5)
  --help            this text

Exit code: 0; 1 if a benchmark failed, or if --against found a figure slower; 2 if the command line is wrong; 130 if it was stopped.
`

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { against: { type: 'string' }, rounds: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const rounds = Number(values.rounds ?? 5)
if (!Number.isInteger(rounds) || rounds < 1) refuse(`--rounds must be a whole number of at least 1, got ${values.rounds}.`)
const files = benchmarksIn('.')
if (files.length === 0) refuse(`No benchmark has ${words.join(' or ')} in its path.`)

const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort())

process.exit(await main())

async function main(): Promise<number> {
  try {
    return values.against === undefined ? await runAll() : await runAgainst(values.against)
  } catch (error) {
    if (stopped.signal.aborted) return 130
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n\n${HELP}`)
  process.exit(2)
}

function benchmarksIn(folder: string): readonly string[] {
  return globSync(['packages/*/bench/*.bench.ts', 'test/bench/*.bench.ts'], { cwd: folder })
    .sort()
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
}

async function runAll(): Promise<number> {
  let failed = 0
  for (const file of files) {
    process.stdout.write(`\n=== ${file}\n`)
    if ((await run('.', file)).code !== 0) failed += 1
  }
  return failed > 0 ? 1 : 0
}

async function runAgainst(ref: string): Promise<number> {
  process.stdout.write(`Checking out ${ref} and installing its dependencies …\n`)
  const { path, remove } = await addWorktree(ref, stopped.signal)
  try {
    return await alternate(path)
  } finally {
    remove()
  }
}

/** Runs the benchmarks that both sides have, each round in the other order than the one before. */
async function alternate(path: string): Promise<number> {
  const theirs = benchmarksIn(path)
  const both = files.filter((file) => theirs.includes(file))
  for (const file of files.filter((each) => !theirs.includes(each)))
    process.stdout.write(`${file} is new: there is nothing to compare it with.\n`)
  const before: Figure[] = []
  const now: Figure[] = []
  for (let round = 1; round <= rounds; round += 1) {
    for (const file of both) {
      process.stdout.write(`round ${round} of ${rounds}: ${file}\n`)
      const sides = [
        { folder: path, figures: before },
        { folder: '.', figures: now },
      ]
      for (const { folder, figures } of round % 2 === 1 ? sides : sides.toReversed()) {
        const { code, printed } = await run(folder, file)
        if (code !== 0) throw new Error(`${file} failed ${folder === '.' ? 'here' : 'in the other commit'}:\n${printed}`)
        figures.push(...figuresIn(printed))
      }
    }
  }
  const comparisons = compare(before, now)
  const slower = comparisons.filter(({ verdict }) => verdict === 'slower')
  process.stdout.write(`\n${tableOf(comparisons)}\n\nslower: ${slower.length} of ${comparisons.length} figures\n`)
  return slower.length > 0 || comparisons.length === 0 ? 1 : 0
}

/** Runs one benchmark. It is shown as it goes, unless it is compared. */
function run(cwd: string, file: string): Promise<Ended> {
  return runChild({
    file: process.execPath,
    args: ['--conditions=@stile/source', '--disable-warning=ExperimentalWarning', file],
    cwd,
    signal: stopped.signal,
    stdio: values.against === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  })
}
