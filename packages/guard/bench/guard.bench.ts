/**
 * What the guard costs a request, beside one raw ES256 verification and jose, in one run:
 *
 *     node --conditions=@stile/source packages/guard/bench/guard.bench.ts
 */
import { createPublicKey, verify } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { Bench } from 'tinybench'
import { createGuard } from '../src/guard.ts'
import { createSeenTokens, createTokenVerifier } from '../src/token/token.ts'
import { AUDIENCE, ada, deviceOf, get, license, mfa, ORIGIN, openWire, optionsFor, prove, withToken } from '../src/wire.test-support.ts'

const wire = await openWire()
wire.licenses.set('acme', license('pro', 1))
const guard = createGuard(optionsFor(wire))
await guard.ready()

const now = (): number => wire.clock.now
const key = createPublicKey({ key: { ...wire.keys.jwk }, format: 'jwk' })
const set = createLocalJWKSet({ keys: [{ ...wire.keys.jwk, kid: wire.keys.kid, alg: 'ES256', use: 'sig' }] })
const keys = { lookup: () => ({ status: 'known', key }) as const }
const options = { issuer: wire.url, audience: AUDIENCE, keys, now }
const tokens = await Promise.all(Array.from({ length: 256 }, () => wire.token([mfa])))
const first = tokens[0] as string
const split = tokens.map((token) => {
  const end = token.lastIndexOf('.')
  return { signed: Buffer.from(token.slice(0, end)), signature: Buffer.from(token.slice(end + 1), 'base64url') }
})
// remembers none, so that each of 256 in turn is new to it
const forgetful = createTokenVerifier({ ...options, seen: createSeenTokens(0) })
const mindful = createTokenVerifier(options)
const seenRequest = await withToken(wire.clock, first)
// every proof counts once, so there must be more than are used
const proofs = await Promise.all(Array.from({ length: 5_000 }, () => prove(wire.clock, first, `${ORIGIN}/export`)))

let turn = 0
let spent = 0
function next<T>(list: readonly T[]): T {
  turn += 1
  return list[turn % list.length] as T
}
function must(ok: boolean): void {
  if (!ok) throw new Error('A benchmark that measures a refusal measures nothing.')
}

const bench = new Bench({ time: 600, warmupTime: 200 })
bench
  .add('raw ES256 verification', () => {
    const { signed, signature } = next(split)
    must(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature))
  })
  .add('token, new', () => must(forgetful(next(tokens)).status === 'valid'))
  .add('token, seen', () => must(mindful(first).status === 'valid'))
  .add('jose, every time', async () => {
    const currentDate = new Date(now() * 1_000)
    const { payload } = await jwtVerify(next(tokens), set, {
      issuer: wire.url,
      audience: AUDIENCE,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      currentDate,
    })
    must(payload.sub === 'demo|ada')
  })
  .add('request, session only', async () => must((await guard.authorize(get('/reports'), 'reports.view', ada)).ok))
  .add('request, token and proof seen', async () => must((await guard.authorize(seenRequest, 'reports.export', ada)).ok))
await bench.run()

// not a tinybench task: the number of proofs is bounded
const proofTask = new Bench({ iterations: 2_000, time: 0, warmup: false })
proofTask.add('request, token seen, new proof', async () => {
  const headers = { Authorization: `DPoP ${first}`, DPoP: proofs[spent] as string }
  spent += 1
  must((await guard.authorize(get('/export', headers), 'reports.export', ada)).ok)
})
await proofTask.run()

const tasks = [...bench.tasks, ...proofTask.tasks]
const micros = tasks.map(({ name, result }) => {
  if (result.state !== 'completed') throw new Error(`${name} did not complete: ${result.state === 'errored' ? result.error : result.state}`)
  return { name, micros: result.latency.p50 * 1_000 }
})
const raw = micros[0]?.micros ?? Number.NaN
for (const { name, micros: each } of micros) {
  console.log(`${name.padEnd(32)} ${each.toFixed(2).padStart(8)} µs ${(each / raw).toFixed(3).padStart(8)} of raw`)
}
// for `pnpm bench --against`
for (const { name, micros: each } of micros) console.log(`figure guard: ${name} = ${each.toFixed(3)} µs, lower is better`)

await deviceOf()
await guard.close()
await wire.close()
