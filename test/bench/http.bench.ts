// A guarded Express route beside a bare one and beside what others put there: requests a second, CPU, the slowest in a hundred, and memory.
// Peers are compared by the CPU time of their servers, which says the same as requests a second on an idle core and is right on a busy one too.
// Servers run on the first core and the load on the second, if `taskset` is there. ROUNDS=n changes how often all are measured (7).
// Run: node --conditions=@stile/source test/bench/http.bench.ts
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { spreadOf } from '../../scripts/bench/compare.ts'
import { type Goal, type Measure, measureInTurns, ratios, reportGoals } from '../../scripts/bench/rounds.ts'
import { KINDS, type Kind, PATH, type Setup, type Usage } from './http/kinds.ts'
import { drive } from './http/load.ts'
import { AUDIENCE, startService } from './http/service.ts'

const CONNECTIONS = 32
const PEOPLE = 40
/** How many requests of a kind are one measurement: about as long for each. */
const REQUESTS = {
  bare: 6_000,
  'bare-verify': 3_000,
  'guard-session': 6_000,
  'fast-jwt': 6_000,
  jose: 2_000,
  'guard-fresh': 3_000,
  'jose-dpop': 1_200,
  'auth0-dpop': 1_200,
}
const FIGURES = ['perSecond', 'perCpuSecond', 'p99Ms', 'cpuMicros', 'rssMiB'] as const
type Figure = (typeof FIGURES)[number]

const isPinned = availableParallelism() > 1 && spawnSync('taskset', ['-cp', '1', String(process.pid)]).status === 0

type Server = Readonly<{ port: number; usage(): Promise<Usage>; stop(): void }>

async function start(setup: Setup): Promise<Server> {
  const flags = ['--conditions=@stile/source', '--disable-warning=ExperimentalWarning']
  const command = [
    ...(isPinned ? ['taskset', '-c', '0'] : []),
    process.execPath,
    ...flags,
    join(import.meta.dirname, 'http/route-server.ts'),
  ]
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send(setup)
  const { port } = (await answerOf(child)) as { port: number }
  return {
    port,
    async usage() {
      child.send('usage')
      return (await answerOf(child)) as Usage
    },
    stop: () => void child.send('stop'),
  }
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('The server under load stopped.'))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}

const service = await startService(PEOPLE)

/** The requests of a measurement, as they go over the wire: with a proof of its own for each if the kind asks for one. */
function requestsOf(kind: Kind, port: number): readonly Buffer[] {
  const isProven = /fresh|verify|dpop/.test(kind)
  const people = Array.from({ length: PEOPLE }, (_, index) => service.personOf(index, isProven))
  return Array.from({ length: REQUESTS[kind] }, (_, each) => {
    const { name, token, prove } = people[each % PEOPLE] as (typeof people)[number]
    const scheme = isProven ? 'DPoP' : 'Bearer'
    const lines = [`GET ${PATH} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `X-User: ${name}`, `Authorization: ${scheme} ${token}`]
    if (isProven) lines.push(`DPoP: ${prove('GET', `http://127.0.0.1:${port}${PATH}`)}`)
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  })
}

const { jwk, deviceKeys: devices } = service
const servers = new Map<Kind, Server>()
for (const kind of KINDS) servers.set(kind, await start({ kind, service: service.url, audience: AUDIENCE, jwk, devices }))

const measure =
  (kind: Kind): Measure<Figure> =>
  async () => {
    const { port, usage } = servers.get(kind) as Server
    const requests = requestsOf(kind, port)
    const begun = await usage()
    const load = await drive({ port, requests, connections: CONNECTIONS })
    const after = await usage()
    const cpuMicros = (after.cpuMicros - begun.cpuMicros) / requests.length
    return { ...load, perCpuSecond: 1e6 / cpuMicros, cpuMicros, rssMiB: after.rssMiB }
  }

const contestants = Object.fromEntries(KINDS.map((kind) => [kind, measure(kind)])) as Record<Kind, Measure<Figure>>
const measured = await measureInTurns({ contestants, rounds: Number(process.env.ROUNDS ?? 7), warmUps: 2 })

console.log(
  `route             req/s  % of bare   CPU µs   p99 ms  RSS MiB   (${isPinned ? 'a core each for server and load' : 'not pinned to cores'})`,
)
for (const kind of KINDS) {
  const median = (figure: Figure) => spreadOf(measured[kind].map((each) => each[figure])).median
  const share = spreadOf(ratios(measured[kind], measured.bare, 'perSecond')).median * 100
  const columns = [
    median('perSecond').toFixed(0),
    share.toFixed(0),
    median('cpuMicros').toFixed(0),
    median('p99Ms').toFixed(1),
    median('rssMiB').toFixed(0),
  ]
  console.log(kind.padEnd(14) + columns.map((each) => each.padStart(9)).join(''))
}
/** What the guard adds to the bare route, in what verifying the signature alone adds to it in the same round. */
const added = measured['guard-fresh'].map(({ cpuMicros }, round) => {
  const bare = measured.bare[round]?.cpuMicros ?? Number.NaN
  return (cpuMicros - bare) / ((measured['bare-verify'][round]?.cpuMicros ?? Number.NaN) - bare)
})
const to = (kind: Kind, other: Kind, figure: Figure) => ratios(measured[kind], measured[other], figure)
const goals: readonly Goal[] = [
  { name: 'http: session only, requests a second beside bare', values: to('guard-session', 'bare', 'perSecond'), unit: 'x', atLeast: 0.9 },
  {
    name: 'http: session only, requests per second of CPU beside bare',
    values: to('guard-session', 'bare', 'perCpuSecond'),
    unit: 'x',
    atLeast: 0.9,
  },
  { name: 'http: session only, p99 beside bare', values: to('guard-session', 'bare', 'p99Ms'), unit: 'x', atMost: 2 },
  { name: 'http: session only, RSS beside bare', values: to('guard-session', 'bare', 'rssMiB'), unit: 'x', atMost: 1.5 },
  {
    name: 'http: session only, requests per second of CPU beside fast-jwt with its cache',
    values: to('guard-session', 'fast-jwt', 'perCpuSecond'),
    unit: 'x',
    atLeast: 1,
  },
  { name: 'http: fresh proof, CPU beside bare', values: added, unit: 'verifications', atMost: 1.5 },
  { name: 'http: fresh proof, RSS beside bare', values: to('guard-fresh', 'bare', 'rssMiB'), unit: 'x', atMost: 1.5 },
  {
    name: 'http: fresh proof, requests per second of CPU beside jose with DPoP',
    values: to('guard-fresh', 'jose-dpop', 'perCpuSecond'),
    unit: 'x',
    atLeast: 3,
  },
  {
    name: 'http: fresh proof, requests per second of CPU beside express-oauth2-jwt-bearer with DPoP',
    values: to('guard-fresh', 'auth0-dpop', 'perCpuSecond'),
    unit: 'x',
    atLeast: 3,
  },
]
reportGoals(goals)

for (const server of servers.values()) server.stop()
service.close()
