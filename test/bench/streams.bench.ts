// Event streams of pages: how soon a change of one account reaches all its members, what a message and a stream cost, and how they come back.
// Run: node --conditions=@stile/source test/bench/streams.bench.ts. STREAMS=1000 (or 3000, 10000), ROUNDS=3, CHANGES=5, JITTER_MS=1000,
// PHASE_SECONDS=60. A thousand streams take about two minutes.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Goal, measureInTurns, ratios, reportGoals } from '../../scripts/bench/rounds.ts'
import { freePort } from '../../scripts/demo.ts'
import { createIssuer, createPerson, type Person } from './step-up/people.ts'
import type { StreamsAnswer, StreamsQuestion, StreamsSetup } from './streams/child.ts'
import { type OpenPage, openPage } from './streams/pages.ts'
import { createPhases } from './streams/phases.ts'

const STREAMS = Number(process.env.STREAMS ?? 1000)
const ROUNDS = Number(process.env.ROUNDS ?? 3)
const CHANGES = Number(process.env.CHANGES ?? 5)
/** How long one phase may take, such as opening all streams. */
const PHASE_SECONDS = Number(process.env.PHASE_SECONDS ?? 60 * Math.max(1, STREAMS / 1000))
/** How many pages open their streams at the same time, apart from the return after a restart. */
const LANES = 32
/** How long the SDK waits at most before it opens a stream again: from half of that on, at random. 0: all at once. */
const JITTER_MS = Number(process.env.JITTER_MS ?? 1000)
/** The service has a core of its own, as far as the machine can give one. */
const [SERVICE_CORE, LOAD_CORE] = ['0', '1']

type Figures = 'p50' | 'p99' | 'cpuMs' | 'held' | 'backMs' | 'backCpuMs' | 'longestDelayMs'
type Server = Readonly<{
  url: string
  told: Readonly<{ key?: string }>
  ask(question: StreamsQuestion): Promise<StreamsAnswer>
  stop(): Promise<void>
}>

const canPin = spawnSync('taskset', ['-cp', LOAD_CORE, String(process.pid)]).status === 0
const issuer = createIssuer()
const people = Array.from({ length: STREAMS }, (_, index) => createPerson(index, issuer.mint))

async function start(script: string, { directory, port }: Pick<StreamsSetup, 'directory' | 'port'>): Promise<Server> {
  const node = [
    process.execPath,
    '--expose-gc',
    '--conditions=@stile/source',
    '--disable-warning=ExperimentalWarning',

    join(import.meta.dirname, 'streams', script),
  ]
  const [file = '', ...args] = canPin ? ['taskset', '-c', SERVICE_CORE, ...node] : node
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send({ directory, port, issuerJwk: issuer.publicJwk, heartbeatSeconds: 15 } satisfies StreamsSetup)
  const told = (await answerOf(child)) as Server['told']
  return {
    url: `http://127.0.0.1:${port}`,
    told,
    async ask(question) {
      child.send(question)
      return (await answerOf(child)) as StreamsAnswer
    },
    async stop() {
      // one that has stopped by itself says so no more
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const aborted = new AbortController()
  try {
    const died = once(child, 'exit', { signal: aborted.signal }).then(() => Promise.reject(new Error('The server under load stopped.')))
    const [answer] = await Promise.race([once(child, 'message', { signal: aborted.signal }), died])
    return answer
  } finally {
    aborted.abort()
  }
}

/** Opens the streams of all people, so many at a time. */
async function openAll(lanes: number, open: (person: Person, index: number) => Promise<OpenPage>): Promise<OpenPage[]> {
  const pages: OpenPage[] = []
  let next = 0
  const lane = async () => {
    for (let index = next++; index < people.length; index = next++) pages[index] = await open(people[index] as Person, index)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return pages
}

async function writeLicense({ url, told }: Server, tier: string): Promise<number> {
  const answer = await fetch(`${url}/admin/v1/admin/licenses/acme`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${told.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ tier, state: 'active' }),
  })
  if (!answer.ok) throw new Error(`The license was not written: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { epoch: number }).epoch
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((one, other) => one - other)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN

/** Waits until something holds; the phase that it belongs to says for how long. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5)
}

async function measureStile(withToken: boolean): Promise<Record<Figures, number>> {
  const { run, summary } = createPhases(PHASE_SECONDS)
  const directory = mkdtempSync(join(import.meta.dirname, '.streams-bench-'))
  const place = { directory, port: await freePort() }
  let server = await run('start', () => start('stile-server.ts', place))
  try {
    const shared = {}
    const [epochs, revisions, arrivals]: number[][] = [[], [], []]
    const known = { epochs: epochs as number[], revisions: revisions as number[], arrivals: arrivals as number[] }
    const open = (person: Person, index: number, revision?: number) =>
      openPage({
        url: server.url,
        person,
        shared,
        withToken,
        ...(revision !== undefined && { known: revision }),
        onState({ epoch, revision }) {
          known.epochs[index] = epoch
          known.revisions[index] = revision
          known.arrivals[index] = performance.now()
        },
      })
    await writeLicense(server, 'pro')
    await run('open once', () => openAll(LANES, open).then(closeAll))
    await sleep(200)
    const before = await server.ask('memory')
    let pages = await run('open', () => openAll(LANES, open))
    await sleep(300)
    const after = await server.ask('memory')

    const delays: number[] = []
    let cpuMs = 0
    await run('changes', async () => {
      for (let change = 0; change < CHANGES; change += 1) {
        const cpuBefore = (await server.ask('cpu')).cpuMs
        const begun = performance.now()
        const epoch = await writeLicense(server, change % 2 === 0 ? 'basic' : 'pro')
        await until(() => people.every((_, index) => known.epochs[index] === epoch))
        cpuMs += (await server.ask('cpu')).cpuMs - cpuBefore
        delays.push(...known.arrivals.map((at) => at - begun))
        await sleep(100)
      }
    })

    await server.stop()
    closeAll(pages)
    server = await run('start again', () => start('stile-server.ts', place))
    const cpuBefore = (await server.ask('cpu')).cpuMs
    const begun = performance.now()
    pages = await run('come back', async () => {
      // no page is there earlier: until then the service loads what its start left for later
      await sleep(JITTER_MS / 2)
      await server.ask('delay')
      return openAll(STREAMS, async (person, index) => {
        await sleep((JITTER_MS * Math.random()) / 2)
        return open(person, index, known.revisions[index])
      })
    })
    const backMs = Math.max(...pages.map(({ openedAt }) => openedAt)) - begun
    const { longestDelayMs } = await server.ask('delay')
    const backCpuMs = (await server.ask('cpu')).cpuMs - cpuBefore
    closeAll(pages)
    return {
      p50: quantile(delays, 0.5),
      p99: quantile(delays, 0.99),
      cpuMs: cpuMs / CHANGES / STREAMS,
      held: (after.heldBytes - before.heldBytes) / STREAMS,
      backMs,
      backCpuMs: backCpuMs / STREAMS,
      longestDelayMs,
    }
  } finally {
    console.log(`${withToken ? 'with a token' : 'without a token'}: ${summary()}`)
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measureBare(): Promise<Pick<Record<Figures, number>, 'held'>> {
  const { run, summary } = createPhases(PHASE_SECONDS)
  const server = await run('start', async () => start('bare-server.ts', { directory: '', port: await freePort() }))
  try {
    const open = (person: Person) => openPage({ url: server.url, person, shared: {}, withToken: true })
    await run('open once', () => openAll(LANES, open).then(closeAll))
    await sleep(200)
    const before = await server.ask('memory')
    const pages = await run('open', () => openAll(LANES, open))
    await sleep(300)
    const after = await server.ask('memory')
    closeAll(pages)
    return { held: (after.heldBytes - before.heldBytes) / STREAMS }
  } finally {
    console.log(`bare: ${summary()}`)
    await server.stop()
  }
}

function closeAll(pages: readonly OpenPage[]): void {
  for (const page of pages) page.close()
}

const none = Number.NaN
const unmeasured: Record<Figures, number> = {
  p50: none,
  p99: none,
  cpuMs: none,
  held: none,
  backMs: none,
  backCpuMs: none,
  longestDelayMs: none,
}
const { stile, bare } = await measureInTurns<'stile' | 'bare', Figures>({
  contestants: { stile: () => measureStile(false), bare: async () => ({ ...unmeasured, ...(await measureBare()) }) },
  rounds: ROUNDS,
  warmUps: 0,
})
// no goal is set for it: once is enough to see what a token costs
const whole = await measureStile(true)
const of = (figure: Figures) => stile.map((round) => round[figure])
const text = (values: readonly number[], digits = 0) => values.map((value) => value.toFixed(digits)).join(' ')
console.log(`streams: ${STREAMS}, rounds: ${ROUNDS}, changes a round: ${CHANGES}${canPin ? '' : '; the service has no core of its own'}`)
console.log(`until a change is there, p50: ${text(of('p50'))} ms`)
console.log(`bytes held a stream: ${text(of('held'))}, bare: ${text(bare.map(({ held }) => held))}`)
console.log(`back after a restart, CPU a stream: ${text(of('backCpuMs'), 2)} ms`)
// fewer than a thousand have as long as a thousand: the jitter alone takes up to a second
const scale = Math.max(1, STREAMS / 1000)
const goals: Goal[] = [
  { name: `streams: ${STREAMS}, p99 until a change is there`, values: of('p99'), unit: 'ms', atMost: 300 * scale },
  { name: 'streams: CPU a message', values: of('cpuMs'), unit: 'ms', atMost: 0.2 },
  { name: 'streams: memory held, of a bare stream', values: ratios(stile, bare, 'held'), unit: 'x', atMost: 1.5 },
  { name: `streams: ${STREAMS}, back after a restart`, values: of('backMs'), unit: 'ms', atMost: 3000 * scale },
  { name: 'streams: longest event-loop delay while they come back', values: of('longestDelayMs'), unit: 'ms', atMost: 50 },
]
console.log(
  `with a token in each message, once: p99 ${whole.p99.toFixed(0)} ms, CPU a message ${whole.cpuMs.toFixed(3)} ms, back in ${whole.backMs.toFixed(0)} ms`,
)
reportGoals(goals)
