// Whole step-ups by passkey over HTTP, every write durable, a device proof on every call: the service against the plain recipe.
// The service runs on the first core and the load on the second, if `taskset` is there. STEP_UPS=n changes how many each of 16 lanes makes a round (25).
// Run: node --conditions=@stile/source test/bench/step-up.bench.ts [directory]
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { spreadOf } from '../../scripts/bench/compare.ts'
import { measureInTurns, ratios, reportGoals } from '../../scripts/bench/rounds.ts'
import { freePort } from '../../scripts/demo.ts'
import { answerOf } from './step-up/answer-of.ts'
import type { Setup } from './step-up/child.ts'
import { createAgent, createPage, type Page } from './step-up/page.ts'
import { createIssuer, createPerson } from './step-up/people.ts'

const LANES = 16
const WARM_UP = 10
const STEP_UPS = Number(process.env.STEP_UPS ?? 25)
const ROUNDS = 3
const LEAST_RATIO = 3
const LEAST_PER_SECOND = 650
const MOST_CPU_MS = 1.3

const isPinned = availableParallelism() > 1 && spawnSync('taskset', ['-cp', '1', String(process.pid)]).status === 0

type Server = Readonly<{ url: string; cpuMs(): Promise<number>; stop(): void }>
type Figures = Readonly<{ perSecond: number; cpuMs: number }>

const agent = createAgent(LANES)

async function start(script: string, setup: Omit<Setup, 'port'>, dpop: boolean): Promise<Server> {
  const port = await freePort()
  const flags = ['--conditions=@stile/source', '--disable-warning=ExperimentalWarning']
  const command = [...(isPinned ? ['taskset', '-c', '0'] : []), process.execPath, ...flags, join(import.meta.dirname, 'step-up', script)]
  const child = spawn(command[0] ?? '', command.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, RECIPE_DPOP: dpop ? 'on' : 'off' },
  })
  child.send({ ...setup, port })
  await answerOf(child)
  return {
    url: `http://127.0.0.1:${port}`,
    async cpuMs() {
      child.send('cpu')
      const { cpu } = (await answerOf(child)) as { cpu: NodeJS.CpuUsage }
      return (cpu.user + cpu.system) / 1000
    },
    stop: () => void child.kill(),
  }
}

async function measure(script: string, dpop: boolean): Promise<Figures> {
  // not the system's temporary directory: that is often memory, and nothing would reach a disk
  const directory = mkdtempSync(join(process.argv[2] ?? import.meta.dirname, '.step-up-bench-'))
  const issuer = createIssuer()
  // each person steps up once: no proof is fresh when the next step-up begins
  const people = Array.from({ length: LANES * (WARM_UP + STEP_UPS) }, (_, index) => createPerson(index, issuer.mint))
  const server = await start(script, { directory, issuerJwk: issuer.publicJwk, people: people.map(({ enrolled }) => enrolled) }, dpop)
  try {
    const pages = people.map((person) => createPage({ url: server.url, agent, person, dpop }))
    const run = async (some: readonly Page[], act: (page: Page) => Promise<unknown>): Promise<void> => {
      const queue = [...some]
      const lane = async () => {
        for (let page = queue.pop(); page !== undefined; page = queue.pop()) await act(page)
      }
      await Promise.all(Array.from({ length: LANES }, lane))
    }
    await run(pages, (page) => page.load())
    await run(pages.slice(0, LANES * WARM_UP), (page) => page.stepUp())
    const [cpuBefore, begun] = [await server.cpuMs(), performance.now()]
    await run(pages.slice(LANES * WARM_UP), (page) => page.stepUp())
    const seconds = (performance.now() - begun) / 1000
    const cpuMs = (await server.cpuMs()) - cpuBefore
    return { perSecond: (LANES * STEP_UPS) / seconds, cpuMs: cpuMs / (LANES * STEP_UPS) }
  } finally {
    server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

const SERVERS = {
  'Stile, with device proofs': () => measure('stile-server.ts', true),
  'plain recipe, with device proofs': () => measure('recipe-server.ts', true),
  'plain recipe, a stolen session token is enough': () => measure('recipe-server.ts', false),
}
const measured = await measureInTurns({ contestants: SERVERS, rounds: ROUNDS, warmUps: 0 })
agent.destroy()
for (const [name, rounds] of Object.entries(measured)) {
  const median = (figure: keyof Figures) => spreadOf(rounds.map((each) => each[figure])).median
  console.log(`step-up: ${Math.round(median('perSecond'))}/s, ${median('cpuMs').toFixed(2)} ms CPU each: ${name}`)
  // for `pnpm bench --against`
  console.log(`figure step-up: ${name} = ${median('perSecond').toFixed(1)} /s, higher is better`)
  console.log(`figure step-up, CPU: ${name} = ${median('cpuMs').toFixed(3)} ms, lower is better`)
}
const stile = measured['Stile, with device proofs']
reportGoals([
  {
    name: 'step-up: Stile to the recipe with device proofs',
    values: ratios(stile, measured['plain recipe, with device proofs'], 'perSecond'),
    unit: 'x',
    atLeast: LEAST_RATIO,
  },
  {
    name: 'step-up: Stile, durable',
    values: stile.map(({ perSecond }) => perSecond),
    unit: '/s',
    atLeast: LEAST_PER_SECOND,
  },
  { name: 'step-up: processor time of the service', values: stile.map(({ cpuMs }) => cpuMs), unit: 'ms', atMost: MOST_CPU_MS },
])
