// What a guard's memories take once they are filled, measured and not counted: heap and array buffers after a full collection.
// Run: node --conditions=@stile/source packages/guard/bench/growth.bench.ts
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Goal, reportGoals } from '../../../scripts/bench/rounds.ts'
import { createReplayMemory, proofsIn } from '../src/device-proof/replay.ts'
import { createSeats, type Seats } from '../src/licenses/seats.ts'
import { createRevocations, revocationsIn } from '../src/token/revocations.ts'
import { createSeenTokens, createTokenVerifier } from '../src/token/token.ts'
import { AUDIENCE, license, mfa, openWire } from '../src/wire.test-support.ts'

const MIB = 2 ** 20
const ROUNDS = 3
const NOW = 1_800_000_000

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** What a memory takes, and what it says of itself. */
type Filled = Readonly<{ kept: unknown; countedBytes: number; entries: number }>

async function measure(fill: () => Filled | Promise<Filled>): Promise<Readonly<{ mib: number; countedMiB: number; entries: number }>> {
  const before = used()
  const { kept, countedBytes, entries } = await fill()
  const mib = (used() - before) / MIB
  // still reachable up to here
  if (kept === undefined) throw new Error('There is nothing to measure.')
  return { mib, countedMiB: countedBytes / MIB, entries }
}

function used(): number {
  gc()
  gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Names and licenses come from JSON, each a text of its own, as in a guard. */
const fresh = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

function seatsOf(subjects: number, perAccount: number, maxMiB: number): Filled {
  const seats: Seats = createSeats({ maxBytes: maxMiB * MIB, now: () => NOW })
  for (let each = 0; each < subjects; each++) {
    const account = fresh(`account-of-some-length-${Math.floor(each / perAccount)}`)
    const answer = { license: fresh(license('pro', 7, { id: `lic_${each}_abcdefghij`, changesAt: NOW + each })), cursor: 1_000_000 + each }
    seats.keep(account, fresh(`demo|auth0|6f1c2b3a4d5e${each}`), answer)
  }
  const { bytes, entries } = seats.usage()
  return { kept: seats, countedBytes: bytes, entries }
}

function replayOf(rate: number, subjects: number): Filled & Readonly<{ refusals: number; mostBytes: number }> {
  let now = NOW
  const memory = createReplayMemory({ now: () => now, windowSeconds: 60, max: proofsIn(64 * MIB) })
  let mostBytes = 0
  for (let second = 0; second < 120; second++, now++) {
    for (let each = 0; each < rate; each++) {
      const name = `demo|${each % subjects}`
      memory.use({ subject: name, jkt: name, jti: `${second}-${each}`, madeAt: now })
    }
    if (second % 5 === 4) mostBytes = Math.max(mostBytes, memory.usage().bytes)
  }
  const { bytes, entries, refusals } = memory.usage()
  return { kept: memory, countedBytes: bytes, entries, refusals, mostBytes }
}

function revocationsOf(maxMiB: number): Filled {
  const revocations = createRevocations({ now: () => NOW, max: revocationsIn(maxMiB * MIB) })
  for (let each = 0; each < revocationsIn(maxMiB * MIB) - 1; each++)
    revocations.add({ subject: fresh(`demo|auth0|6f1c2b3a4d5e${each}`), sid: fresh(`session-of-some-length-${each}`), before: NOW })
  const { bytes, entries } = revocations.usage()
  return { kept: revocations, countedBytes: bytes, entries }
}

const wire = await openWire()
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const tokens = await Promise.all(
  Array.from({ length: 2_000 }, (_, each) =>
    wire.token([mfa], { claims: { sub: `demo|auth0|6f1c2b3a4d5e${each}`, sid: `session-${each}` } }),
  ),
)
const key = createPublicKey({ key: { ...wire.keys.jwk }, format: 'jwk' })

function tokensOf(): Filled {
  const seen = createSeenTokens(32 * MIB)
  const keys = { lookup: () => ({ status: 'known', key }) as const }
  const verify = createTokenVerifier({ issuer: wire.url, audience: AUDIENCE, keys, now: () => wire.clock.now, seen })
  for (const token of tokens) if (verify(fresh(token)).status !== 'valid') throw new Error('A token of the benchmark is not valid.')
  const { bytes, entries } = seen.usage()
  return { kept: [seen, publicKey], countedBytes: bytes, entries }
}

const PARTS = {
  'licenses: 100,000 subjects, 8 an account': () => seatsOf(100_000, 8, 128),
  'licenses: 100,000 subjects, an account each': () => seatsOf(100_000, 1, 128),
  'licenses: 400,000 subjects where 32 MiB are given': () => seatsOf(400_000, 4, 32),
  'replay: 10,000 proofs a second of 5,000 subjects': () => replayOf(10_000, 5_000),
  'replay: 10,000 proofs a second of one subject': () => replayOf(10_000, 1),
  'revocations: as many as 48 MiB hold': () => revocationsOf(48),
  'tokens: 2,000': tokensOf,
}
const rounds: Record<string, { mib: number; countedMiB: number; entries: number }[]> = {}
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, fill] of Object.entries(PARTS)) {
    const measured = await measure(fill)
    // the first one pays for what is loaded and compiled
    if (round > 0) rounds[name] = [...(rounds[name] ?? []), measured]
  }
}
console.log(`${'memory'.padEnd(52)}  entries  measured   counted   a piece`)
for (const [name, [first]] of Object.entries(rounds)) {
  if (first === undefined) continue
  const { mib, countedMiB, entries } = first
  console.log(
    `${name.padEnd(52)}${String(entries).padStart(9)} ${mib.toFixed(1).padStart(6)} MiB ${countedMiB.toFixed(1).padStart(5)} MiB ${((mib * MIB) / entries).toFixed(0).padStart(6)} B`,
  )
}
const valuesOf = (name: keyof typeof PARTS, figure: 'mib' | 'entries') => (rounds[name] ?? []).map((each) => each[figure])
const replays = [5_000, 1].map((subjects) => replayOf(10_000, subjects))
const goals: readonly Goal[] = [
  {
    name: 'growth: 100,000 active subjects, 8 an account',
    values: valuesOf('licenses: 100,000 subjects, 8 an account', 'mib'),
    unit: 'MiB',
    atMost: 32,
  },
  {
    name: 'growth: 100,000 active subjects, an account each',
    values: valuesOf('licenses: 100,000 subjects, an account each', 'mib'),
    unit: 'MiB',
    atMost: 48,
  },
  {
    name: 'growth: licenses that do not fit',
    values: valuesOf('licenses: 400,000 subjects where 32 MiB are given', 'mib'),
    unit: 'MiB',
    atMost: 32,
  },
  { name: 'growth: 10,000 proofs a second for 120 s', values: replays.map(({ mostBytes }) => mostBytes / MIB), unit: 'MiB', atMost: 64 },
  {
    name: 'growth: 10,000 proofs a second for 120 s, refused',
    values: replays.map(({ refusals }) => refusals),
    unit: 'requests',
    atMost: 0,
  },
  { name: 'growth: revocations that fill 48 MiB', values: valuesOf('revocations: as many as 48 MiB hold', 'mib'), unit: 'MiB', atMost: 48 },
]
reportGoals(goals)
await wire.close()
