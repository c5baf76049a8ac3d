/**
 * What a decision with reasons costs, beside a bare table lookup and CASL, in one run:
 *
 *     node --conditions=@stile/source packages/policy/bench/decide.bench.ts
 */
import { createMongoAbility } from '@casl/ability'
import { type DecideRequest, decide, definePolicy } from '@stile/policy'
import { Bench } from 'tinybench'

const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.approve': { requires: { level: 'phrh', maxAge: '2m', bind: ['amount', 'currency', 'payee'] }, compliance: ['psd2-sca'] },
  },
  tiers: {
    basic: { features: ['reports.view'] },
    pro: { extends: 'basic', features: ['reports.export'] },
    enterprise: { extends: 'pro', features: ['payouts.approve'], requires: { level: 'mfa', maxAge: '12h' } },
  },
  compliance: {
    'psd2-sca': { requires: { level: 'mfa', maxAge: '5m', bind: ['amount', 'currency', 'payee'] }, because: 'PSD2 RTS Art. 5' },
  },
  risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: { level: 'phr', maxAge: '5m' }, critical: 'deny' },
  license: { none: { tier: 'basic' }, upgraded: { requires: { level: 'mfa' } } },
})

type Feature = 'reports.view' | 'reports.export' | 'payouts.approve'

/** 64 requests that differ in objects, not in outcome, so that nothing is folded into a constant. */
function requests(make: (index: number) => DecideRequest<Feature>): readonly DecideRequest<Feature>[] {
  return Array.from({ length: 64 }, (_, index) => make(index))
}

function request(feature: Feature, now: number): DecideRequest<Feature> {
  return {
    feature,
    license: { id: 'lic_1', epoch: 3, tier: 'enterprise', features: ['reports.view'], state: 'active' },
    assurance: {
      proofs: [
        { method: 'login', level: 'session', amr: ['pwd'], authTime: 1_000_000 },
        { method: 'totp', level: 'mfa', amr: ['otp', 'mfa'], authTime: 1_000_100 },
        { method: 'security-key', level: 'phrh', amr: ['hwk', 'user', 'mfa'], authTime: 1_000_200 },
      ],
      operation: { feature: 'payouts.approve', digest: 'q1Zr' },
    },
    operationDigest: 'q1Zr',
    risk: 'elevated',
    enrolled: [
      { method: 'totp', level: 'mfa' },
      { method: 'security-key', level: 'phrh' },
    ],
    now,
  }
}

const permitted = requests((index) => request('payouts.approve', 1_000_210 + index))
const stale = requests((index) => request('payouts.approve', 1_009_000 + index))
const demanding = requests((index) => {
  const { license, ...rest } = request('payouts.approve', 1_000_210 + index)
  return { ...rest, license: license && { ...license, requires: { level: 'phr', maxAgeSeconds: 90 + (index & 7) } } }
})
for (const each of permitted) expectOutcome(each, 'permit')
for (const each of demanding) expectOutcome(each, 'permit')
for (const each of stale) expectOutcome(each, 'step_up')

function expectOutcome(each: DecideRequest<Feature>, outcome: string): void {
  const decision = decide(policy, each)
  if (decision.outcome !== outcome || decision.reasons.length === 0)
    throw new Error(`Expected ${outcome} with reasons, got ${decision.outcome}.`)
}

const table = new Map([['enterprise', new Map<string, string>([['payouts.approve', 'permit']])]])
// CASL answers yes or no from a condition on the subject; it knows no levels, ages or reasons
const ability = createMongoAbility([{ action: 'approve', subject: 'Payout', conditions: { tier: 'enterprise', level: { $gte: 3 } } }])
const payouts = Array.from({ length: 64 }, (_, index) => ({ __caslSubjectType__: 'Payout', tier: 'enterprise', level: 3, id: index }))

let turn = 0
let sink: unknown
const bench = new Bench({ time: 1_000, warmupTime: 300 })
  .add('table lookup', () => {
    const each = permitted[turn++ & 63]
    sink = table.get(each?.license?.tier ?? '')?.get(each?.feature ?? '')
  })
  .add('CASL, yes or no', () => {
    sink = ability.can('approve', payouts[turn++ & 63] as never)
  })
  .add('decide permit', () => {
    sink = decide(policy, permitted[turn++ & 63] as DecideRequest<Feature>)
  })
  .add('with own demand', () => {
    sink = decide(policy, demanding[turn++ & 63] as DecideRequest<Feature>)
  })
  .add('decide step_up', () => {
    sink = decide(policy, stale[turn++ & 63] as DecideRequest<Feature>)
  })
await bench.run()
if (sink === undefined) throw new Error('Nothing was measured.')

console.log(`Node ${process.version}; median per operation, the timer included`)
const lookup = medianNs('table lookup')
for (const { name } of bench.tasks) {
  const median = medianNs(name)
  console.log(`${name.padEnd(18)} ${median.toFixed(0).padStart(6)} ns ${(median / lookup).toFixed(1).padStart(5)}x table`)
}
// for `pnpm bench --against`
for (const { name } of bench.tasks) console.log(`figure decide: ${name} = ${medianNs(name).toFixed(1)} ns, lower is better`)
console.log(
  `decide permit ${(medianNs('decide permit') / 1000).toFixed(3)} µs, decide step_up ${(medianNs('decide step_up') / 1000).toFixed(3)} µs (limit 1 µs)`,
)

function medianNs(name: string): number {
  const result = bench.getTask(name)?.result
  if (result === undefined || !('latency' in result)) throw new Error(`${name} was not measured.`)
  return result.latency.p50 * 1e6
}
