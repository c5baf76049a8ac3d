// A service whose store grows: how long the event loop stands still while the store is swept, what that does to answers, and how long a step-up takes.
// GROWTH_SUBJECTS=1000,100000,300000 measures a larger store too; GROWTH_EXPIRED=n says how many rows are swept.
// Run: node --conditions=@stile/source test/bench/growth-service.bench.ts [directory]
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Measure, measureInTurns, ratios, reportGoals } from '../../scripts/bench/rounds.ts'
import { freePort } from '../../scripts/demo.ts'
import { addExpired, fillStore } from './growth/fill.ts'
import type { Done, Task } from './growth/server.ts'
import { answerOf } from './step-up/answer-of.ts'
import { createAgent, createPage, type Page } from './step-up/page.ts'
import { createIssuer, createPerson } from './step-up/people.ts'

const SIZES = (process.env.GROWTH_SUBJECTS ?? '1000,100000').split(',').map(Number)
const EXPIRED = Number(process.env.GROWTH_EXPIRED ?? 50_000)
const ROUNDS = 3
const STEP_UPS = 40
const STATES = 40
/** The longest that the event loop may stand still at a time, longer than for one of a hundred durable writes of one row. */
const MOST_DELAY_MS = 10
/** How much longer than in the smallest store things may take in the largest. */
const MOST_RATIO = 1.3

const FIGURES = ['writeDelayMs', 'idleDelayMs', 'dueDelayMs', 'dueSweepMs', 'stateMs', 'stateWhileSweptMs', 'stepUpMs'] as const
type Figure = (typeof FIGURES)[number]

// not the system's temporary directory: that is often memory, and nothing would reach a disk
const directory = mkdtempSync(join(process.argv[2] ?? import.meta.dirname, '.growth-bench-'))
const agent = createAgent(4)
const children: ChildProcess[] = []

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

async function timed(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await run()
  return performance.now() - begun
}

async function start(subjects: number): Promise<Measure<Figure>> {
  const path = join(directory, `${subjects}.db`)
  await fillStore(path, subjects)
  const issuer = createIssuer()
  const people = Array.from({ length: STEP_UPS * (ROUNDS + 1) }, (_, index) => createPerson(index, issuer.mint))
  const port = await freePort()
  const child = fork(join(import.meta.dirname, 'growth', 'server.ts'), {
    execArgv: ['--conditions=@stile/source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.push(child)
  child.send({ path, port, issuerJwk: issuer.publicJwk, people: people.map(({ enrolled }) => enrolled) })
  await answerOf(child)
  const pages = people.map((person) => createPage({ url: `http://127.0.0.1:${port}`, agent, person, dpop: true }))
  const ask = async (task: Task): Promise<Done> => {
    child.send(task)
    return (await answerOf(child)) as Done
  }
  let round = 0
  return async () => {
    const some = pages.slice(round * STEP_UPS, (round + 1) * STEP_UPS)
    round += 1
    const [page] = some as [Page]
    for (const each of some) await each.load()
    const states: number[] = []
    for (let index = 0; index < STATES; index += 1) states.push(await timed(() => page.state()))
    const stepUps: number[] = []
    for (const each of some) stepUps.push(await timed(() => each.stepUp()))
    await ask('sweep')
    const written = await ask('write')
    const idle = await ask('sweep')
    addExpired(path, EXPIRED)
    const meanwhile: number[] = []
    let going = true
    const reader = (async () => {
      while (going) meanwhile.push(await timed(() => page.state()))
    })()
    const due = await ask('sweep')
    going = false
    await reader
    return {
      writeDelayMs: written.longestDelayMs,
      idleDelayMs: idle.longestDelayMs,
      dueDelayMs: due.longestDelayMs,
      dueSweepMs: due.tookMs,
      stateMs: median(states),
      stateWhileSweptMs: median(meanwhile),
      stepUpMs: median(stepUps),
    }
  }
}

try {
  const contestants: Record<string, Measure<Figure>> = {}
  for (const size of SIZES) contestants[size] = await start(size)
  const measured = await measureInTurns({ contestants, rounds: ROUNDS })
  for (const size of SIZES) {
    const all = FIGURES.map((figure) => `${figure} ${median((measured[size] ?? []).map((each) => each[figure])).toFixed(2)}`)
    console.log(`${String(size).padStart(8)} subjects: ${all.join(', ')}`)
  }
  const [smallest, largest] = [measured[SIZES[0] ?? ''] ?? [], measured[SIZES.at(-1) ?? ''] ?? []]
  reportGoals([
    {
      name: 'growth: longest delay of the event loop beyond that of a plain write, swept with nothing due',
      values: largest.map(({ idleDelayMs, writeDelayMs }) => Math.max(0, idleDelayMs - writeDelayMs)),
      unit: 'ms',
      atMost: MOST_DELAY_MS,
    },
    {
      name: `growth: longest delay of the event loop beyond that of a plain write, swept with ${EXPIRED} rows due`,
      values: largest.map(({ dueDelayMs, writeDelayMs }) => Math.max(0, dueDelayMs - writeDelayMs)),
      unit: 'ms',
      atMost: MOST_DELAY_MS,
    },
    {
      name: 'growth: GET /v1/state while rows that are due are swept, largest store to smallest',
      values: ratios(largest, smallest, 'stateWhileSweptMs'),
      unit: 'x',
      atMost: MOST_RATIO,
    },
    {
      name: 'growth: a step-up alone, largest store to smallest',
      values: ratios(largest, smallest, 'stepUpMs'),
      unit: 'x',
      atMost: MOST_RATIO,
    },
  ])
} finally {
  for (const child of children) child.kill()
  agent.destroy()
  rmSync(directory, { recursive: true, force: true })
}
