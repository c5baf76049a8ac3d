import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { documents } from './arbitraries.test-support.ts'
import { parsePolicy } from './policy.ts'

// many generated cases: a busy machine is no failure
vi.setConfig({ testTimeout: 60_000 })

const schema = JSON.parse(readFileSync(new URL('../policy.schema.json', import.meta.url), 'utf8'))
const accepts = new Ajv2020({ strict: true, strictTypes: false }).compile(schema)

const base = { format: 1, features: { view: {} }, tiers: { basic: { features: ['view'] } } }
const asking = (requires: unknown) => ({ ...base, features: { view: { requires } } })

test('every well-formed document is valid by the schema', () => {
  fc.assert(
    fc.property(documents, (document) => {
      expect(accepts(JSON.parse(JSON.stringify(document))), JSON.stringify(accepts.errors)).toBe(true)
    }),
  )
})

test('a document with one member replaced by anything is accepted by the parser only if the schema accepts it', () => {
  const replaced = fc.tuple(documents, fc.jsonValue({ maxDepth: 2 }), fc.nat()).map(([document, value, nth]) => {
    let count = 0
    const total = JSON.stringify(document).split(':').length
    const target = nth % total
    return JSON.parse(JSON.stringify(document, (_, member) => (count++ === target ? value : member)))
  })
  fc.assert(
    fc.property(replaced, (document) => {
      if (parsePolicy(document).ok) expect(accepts(document), JSON.stringify(accepts.errors)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test.each([
  ['the smallest', { format: 1, features: {}, tiers: {} }],
  ['a feature and a tier', base],
  [
    'every member of a feature',
    {
      ...base,
      features: { view: { enforce: 'off', whenStale: 'permit', machines: 'license', actors: 'deny', label: 'See', description: 'See it' } },
    },
  ],
  ['every member of a requirement', asking({ level: 'phr', maxAge: '7d', methods: ['passkey'], bind: ['amount', 'path.id'] })],
  [
    'every effect',
    {
      ...base,
      license: {
        none: 'none',
        states: { trialing: 'full', past_due: { for: '0s', then: 'none' }, expired: { tier: 'basic' }, canceled: 'none' },
      },
    },
  ],
  ['every risk entry', { ...base, risk: { elevated: { level: 'mfa' }, high: 'deny', critical: 'deny' } }],
  ['a first enrolment by mail alone', { ...base, enrollment: { first: ['email-otp'], settle: '0s' } }],
  ['enrolment', { ...base, enrollment: { missing: 'deny', first: ['relogin', 'email-otp'], settle: '1d' } }],
])('both accept: %s', (_, document) => {
  expect(parsePolicy(document)).toMatchObject({ ok: true })
  expect(accepts(document), JSON.stringify(accepts.errors)).toBe(true)
})

test.each([
  ['nothing', null],
  ['a list', []],
  ['another format', { ...base, format: 2 }],
  ['no features', { format: 1, tiers: {} }],
  ['no tiers', { format: 1, features: {} }],
  ['an unknown member', { ...base, feature: {} }],
  ['an unknown member of a feature', { ...base, features: { view: { require: {} } } }],
  ['a reserved name', { ...base, features: { view: {}, 'stile:view': {} } }],
  ['a name that begins with a digit', { ...base, features: { view: {}, '2fa': {} } }],
  ['a name that is too long', { ...base, features: { view: {}, ['x'.repeat(65)]: {} } }],
  ['an unknown level', asking({ level: 'aal2' })],
  ['no level', asking({ maxAge: '5m' })],
  ['a null requirement', asking(null)],
  ['a duration with a fraction', asking({ level: 'mfa', maxAge: '1.5h' })],
  ['a duration of weeks', asking({ level: 'mfa', maxAge: '1w' })],
  ['an age of nothing', asking({ level: 'mfa', maxAge: '0m' })],
  ['an empty list of methods', asking({ level: 'mfa', methods: [] })],
  ['a method twice', asking({ level: 'mfa', methods: ['totp', 'totp'] })],
  ['an unknown method', asking({ level: 'mfa', methods: ['sms'] })],
  ['an empty bind', asking({ level: 'mfa', bind: [] })],
  ['whenStale that denies', { ...base, features: { view: { whenStale: 'deny' } } }],
  ['a feature twice in a tier', { ...base, tiers: { basic: { features: ['view', 'view'] } } }],
  ['a rule without a reason', { ...base, compliance: { psd2: { requires: { level: 'mfa' } } } }],
  ['a blank reason', { ...base, compliance: { psd2: { requires: { level: 'mfa' }, because: ' ' } } }],
  ['risk for unknown', { ...base, risk: { unknown: 'deny' } }],
  ['risk that permits', { ...base, risk: { high: 'permit' } }],
  ['full without a license', { ...base, license: { none: 'full' } }],
  ['an unknown state', { ...base, license: { states: { paused: 'full' } } }],
  ['an effect of two kinds', { ...base, license: { states: { expired: { tier: 'basic', for: '7d', then: 'none' } } } }],
  ['an upgrade that asks for nothing', { ...base, license: { upgraded: {} } }],
  ['a first enrolment with what is enrolled', { ...base, enrollment: { first: ['security-key'] } }],
  ['a time to settle that is none', { ...base, enrollment: { settle: 'a day' } }],
  ['a first enrolment with nothing', { ...base, enrollment: { first: [] } }],
])('both refuse: %s', (_, document) => {
  expect(parsePolicy(document)).toMatchObject({ ok: false })
  expect(accepts(document)).toBe(false)
})

test.each([
  ['a feature that does not exist', { ...base, tiers: { basic: { features: ['export'] } } }],
  ['tiers in a circle', { ...base, tiers: { a: { extends: 'b' }, b: { extends: 'a' } } }],
  ['whenStale beyond the session', { ...base, features: { view: { whenStale: 'permit', requires: { level: 'mfa' } } } }],
  ['methods that do not reach the level', asking({ level: 'phr', methods: ['totp'] })],
  ['a duration over ten years', asking({ level: 'mfa', maxAge: '3651d' })],
])('only the parser sees what the parts say together: %s', (_, document) => {
  expect(accepts(document)).toBe(true)
  expect(parsePolicy(document)).toMatchObject({ ok: false })
})
