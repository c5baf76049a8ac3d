// Durable writes of the embedded store: the six writes of one step-up, 16 step-ups at once, on a file on disk.
// Run: node --conditions=@stile/source packages/server/bench/store.bench.ts [directory]
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createSqliteStore } from '@stile/server/sqlite'

type Store = ReturnType<typeof createSqliteStore>
/** Runs one write: at once with the others, or after all that were asked for before. */
type Run = <T>(write: () => Promise<T>) => Promise<T>

const LANES = 16
const WRITES_PER_STEP_UP = 6
const ROUNDS = 3
const GOAL = 8_000
const NOW = 1_700_000_000

const key = (lane: number) => ({ subject: `bench|${lane}`, sid: `sid-${lane}`, jkt: `jkt-${lane}` })

async function enrol(store: Store, lane: number): Promise<void> {
  const { subject } = key(lane)
  await store.authenticators.create({
    record: {
      id: `auth_${lane}`,
      subject,
      level: 'phr',
      name: 'Passkey',
      createdAt: NOW,
      boundBy: { method: 'login', level: 'session' },
      data: {
        method: 'passkey',
        credentialId: `credential-${lane}`,
        publicKey: 'pQECAyYgASFYIA',
        counter: 0,
        transports: ['internal'],
        aaguid: '00000000-0000-0000-0000-000000000000',
        backupEligible: true,
        backupState: true,
      },
    },
    limit: 10,
    change: { at: NOW, type: 'authenticators', subject },
  })
}

async function stepUp(store: Store, run: Run, lane: number, counter: number): Promise<void> {
  const id = `su_${randomUUID()}`
  const session = key(lane)
  const record = {
    id,
    key: session,
    account: 'acme',
    client: 'web',
    audience: 'https://api.example.com',
    feature: 'reports.export',
    requirement: { level: 'phr', maxAgeSeconds: 900 },
    createdAt: NOW,
    expiresAt: NOW + 300,
  } as const
  const proof = { method: 'passkey', level: 'phr', amr: ['pop', 'user', 'mfa'], authTime: NOW, authenticatorId: `auth_${lane}` } as const
  await run(() => store.stepUps.create(record, { started: { method: 'passkey', challenge: randomUUID() } }))
  const challenge = await run(() => store.stepUps.takeChallenge({ id, method: 'passkey' }))
  const touch = { id: `auth_${lane}`, expectedCounter: counter, counter: counter + 1, backupState: true, now: NOW }
  const moved = await run(() => store.authenticators.touch(touch))
  const taken = await run(() => store.stepUps.take(id))
  const change = { at: NOW, type: 'proofs', subject: session.subject, sid: session.sid } as const
  const recorded = await run(() => store.proofs.record({ key: session, proof, change }))
  const once = await run(() => store.replay.once({ key: `jti:${id}`, now: NOW, expiresAt: NOW + 300 }))
  if (challenge === null || taken === null || !moved || !recorded || !once) throw new Error('A write of the benchmark had no effect.')
}

/** Writes a second over `stepUps` step-ups in each of the lanes. */
async function measure(directory: string, name: string, grouped: boolean, stepUps: number): Promise<number> {
  const store = createSqliteStore({ path: join(directory, `${name}.db`) })
  let last: Promise<unknown> = Promise.resolve()
  const run: Run = grouped
    ? (write) => write()
    : (write) => {
        const mine = last.then(write)
        last = mine
        return mine
      }
  const lanes = Array.from({ length: LANES }, (_, lane) => lane)
  await Promise.all(lanes.map((lane) => enrol(store, lane)))
  const begun = performance.now()
  await Promise.all(
    lanes.map(async (lane) => {
      for (let counter = 0; counter < stepUps; counter += 1) await stepUp(store, run, lane, counter)
    }),
  )
  const seconds = (performance.now() - begun) / 1000
  await store.close()
  return (LANES * stepUps * WRITES_PER_STEP_UP) / seconds
}

const median = (values: readonly number[]) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0

// not the system's temporary directory: that is often memory, and nothing would reach a disk
const directory = mkdtempSync(join(process.argv[2] ?? import.meta.dirname, '.store-bench-'))
try {
  const groups: number[] = []
  const singles: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    groups.push(await measure(directory, `group-${round}`, true, 150))
    singles.push(await measure(directory, `single-${round}`, false, 15))
  }
  const [group, single] = [median(groups), median(singles)]
  console.log(`store: ${Math.round(group)} durable writes/s with group commit, ${LANES} step-ups at once (goal ${GOAL})`)
  console.log(
    `store: ${Math.round(single)} durable writes/s with one commit per write; group commit is ${(group / single).toFixed(1)} times that`,
  )
  // for `pnpm bench --against`
  console.log(`figure store: group commit = ${group.toFixed(0)} writes/s, higher is better`)
  console.log(`figure store: one commit per write = ${single.toFixed(0)} writes/s, higher is better`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}
