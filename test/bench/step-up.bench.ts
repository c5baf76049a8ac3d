// Whole step-ups by passkey over HTTP, every write durable, a device proof on every call: the service against the plain recipe.
// Run: node --conditions=@stile/source test/bench/step-up.bench.ts [directory]
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../scripts/demo.ts'
import { answerOf } from './step-up/answer-of.ts'
import type { Setup } from './step-up/child.ts'
import { createAgent, createPage, type Page } from './step-up/page.ts'
import { createIssuer, createPerson } from './step-up/people.ts'

const LANES = 16
const WARM_UP = 30
const STEP_UPS = 120
const ROUNDS = 3
const LEAST_RATIO = 1.4
const MOST_CPU_MS = 1.4

type Server = Readonly<{ url: string; cpuMs(): Promise<number>; stop(): void }>
type Figures = Readonly<{ perSecond: number; cpuMs: number }>

const agent = createAgent(LANES)

async function start(script: string, setup: Omit<Setup, 'port'>, dpop: boolean): Promise<Server> {
  const port = await freePort()
  const child = fork(join(import.meta.dirname, 'step-up', script), {
    execArgv: ['--conditions=@stile/source', '--disable-warning=ExperimentalWarning'],
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

const best = (figures: readonly Figures[]): Figures => ({
  perSecond: Math.max(...figures.map(({ perSecond }) => perSecond)),
  cpuMs: Math.min(...figures.map(({ cpuMs }) => cpuMs)),
})

const SERVERS = [
  { name: 'Stile, with device proofs', script: 'stile-server.ts', dpop: true },
  { name: 'plain recipe, with device proofs', script: 'recipe-server.ts', dpop: true },
  { name: 'plain recipe, a stolen session token is enough', script: 'recipe-server.ts', dpop: false },
] as const
const figures = SERVERS.map((): Figures[] => [])
for (let round = 0; round < ROUNDS; round += 1)
  for (const [index, { script, dpop }] of SERVERS.entries()) figures[index]?.push(await measure(script, dpop))
agent.destroy()
const [stile, recipe, weaker] = figures.map(best) as [Figures, Figures, Figures]
for (const [index, { perSecond, cpuMs }] of [stile, recipe, weaker].entries())
  console.log(`step-up: ${Math.round(perSecond)}/s, ${cpuMs.toFixed(2)} ms CPU each: ${SERVERS[index]?.name}`)
const ratio = (other: Figures) => (stile.perSecond / other.perSecond).toFixed(2)
console.log(
  `step-up: Stile does ${ratio(recipe)} times the recipe's (goal ≥ ${LEAST_RATIO}) at a goal of ≤ ${MOST_CPU_MS} ms; ${ratio(weaker)} times the weaker one's`,
)
// for `pnpm bench --against`
for (const [index, { perSecond, cpuMs }] of [stile, recipe, weaker].entries()) {
  console.log(`figure step-up: ${SERVERS[index]?.name} = ${perSecond.toFixed(1)} /s, higher is better`)
  console.log(`figure step-up, CPU: ${SERVERS[index]?.name} = ${cpuMs.toFixed(3)} ms, lower is better`)
}
