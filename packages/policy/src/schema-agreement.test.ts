import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { documents } from './arbitraries.test-support.ts'
import { parseDuration } from './duration.ts'
import { MEMBERS, WORDS } from './parse/vocabulary.ts'
import { parsePolicy } from './policy.ts'

// many generated cases: a busy machine is no failure
vi.setConfig({ testTimeout: 120_000 })

const schema = JSON.parse(readFileSync(new URL('../policy.schema.json', import.meta.url), 'utf8'))
const accepts = new Ajv2020({ strict: true, strictTypes: false }).compile(schema)

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Place = readonly (string | number)[]

/** The rules of the parser that a schema cannot express: each tells by the place and the value whether an issue may be one of them. */
const BEYOND_THE_SCHEMA: Readonly<Record<string, (place: Place, value: unknown, document: Json) => boolean>> = {
  'a name that the document does not define': (place, value, document) => {
    const [section, , member] = place
    const known = (name: 'features' | 'tiers' | 'compliance') => !Object.keys(at(document, [name]) ?? {}).includes(`${value}`)
    if (typeof value !== 'string') return false
    if (section === 'tiers') return (member === 'features' && known('features')) || (member === 'extends' && known('tiers'))
    if (section === 'license') return place.at(-1) === 'tier' && known('tiers')
    return section === 'features' && member === 'compliance' && known('compliance')
  },
  'tiers that extend each other in a circle': (place) => place[0] === 'tiers' && place[2] === 'extends',
  'whenStale on a feature that asks for more than the session': ([section, , member], value) =>
    section === 'features' && member === 'whenStale' && value === 'permit',
  'a combination that no method can meet': (place, value) =>
    (place.at(-1) === 'methods' && Array.isArray(value)) || (typeof value === 'object' && value !== null && !Array.isArray(value)),
  'a duration of more than ten years': (_, value) =>
    typeof value === 'string' && /^[1-9][0-9]{0,8}[smhd]$/.test(value) && parseDuration(value) === undefined,
  // a schema counts characters, the parser the halves that JavaScript counts
  'a text of more than 500 UTF-16 units': (_, value) => typeof value === 'string' && value.length > 500 && [...value].length <= 500,
  'half a character': (_, value) => typeof value === 'string' && /\p{Surrogate}/u.test(value),
}

const at = (document: unknown, place: Place): unknown =>
  place.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined | null)?.[key], document)

const placeOf = (path: string): Place =>
  path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))

/** The places of all members and items in a document. */
function placesIn(value: Json, place: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [place]
  return [place, ...Object.entries(value).flatMap(([key, member]) => placesIn(member, [...place, key]))]
}

function replaced(value: Json, [key, ...rest]: Place, change: (value: Json | undefined) => Json | undefined): Json {
  if (key === undefined) return change(value) ?? null
  if (Array.isArray(value)) {
    if (rest.length > 0) return value.map((item, index) => (String(index) === String(key) ? replaced(item, rest, change) : item))
    const next = change(value[Number(key)])
    return next === undefined ? value.filter((_, index) => index !== Number(key)) : value.with(Number(key), next)
  }
  const members = value as Readonly<Record<string, Json>>
  const next = rest.length > 0 ? replaced(members[key] ?? null, rest, change) : change(members[key])
  if (next !== undefined) return { ...members, [key]: next }
  return Object.fromEntries(Object.entries(members).filter(([name]) => name !== String(key)))
}

const words = Object.values(WORDS).flat()
const members = Object.values(MEMBERS).flat()
const texts = fc.oneof(
  fc.constantFrom('', ' ', '\u00a0', '\u3000', 'x', 'x'.repeat(500), 'x'.repeat(501), '😀'.repeat(250), '😀'.repeat(251), '\ud800', 'a\nb'),
  fc.string({ maxLength: 12 }),
)
const durations = fc.constantFrom(
  '0s',
  '1s',
  '00s',
  '01m',
  '5m',
  '1.5h',
  '-1h',
  '1w',
  '7d',
  '3650d',
  '3651d',
  '999999999s',
  '1000000000s',
  '5 m',
  '5M',
  '5m\n',
  'm',
)
const names = fc.oneof(
  fc.constantFrom(
    'view',
    'basic',
    'psd2',
    'stile:view',
    'Stile:view',
    '2fa',
    'a',
    'a/b',
    'a b',
    'a~b',
    'á',
    'x'.repeat(64),
    'x'.repeat(65),
    'view\n',
  ),
  fc.constantFrom('__proto__', 'constructor', 'toString'),
)
const values: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, 1, 2, 1.5, [], {}, [[]], ['totp', 'totp'], 'deny', 'full', 'none', 'permit'),
  fc.constantFrom<Json>(
    { tier: 'basic' },
    { for: '7d', then: 'none' },
    { for: '7d', then: { tier: 'basic' } },
    { level: 'mfa' },
    { requires: { level: 'mfa' } },
  ),
  fc.constantFrom<Json>(...words),
  durations,
  texts,
  names,
  fc.uniqueArray(fc.constantFrom(...words), { maxLength: 3 }),
)

/** A valid document with every member that there is. */
const full: Json = {
  format: 1,
  features: {
    view: { whenStale: 'permit', machines: 'license', actors: 'deny', label: 'View', description: 'See it' },
    export: {
      requires: { level: 'mfa', maxAge: '15m', methods: ['totp', 'passkey'], bind: ['amount'] },
      compliance: ['psd2'],
      enforce: 'on',
    },
  },
  tiers: {
    basic: { features: ['view'], label: 'Basic', description: 'The first' },
    pro: { extends: 'basic', features: ['export'], requires: { level: 'mfa', maxAge: '12h' } },
  },
  compliance: { psd2: { requires: { level: 'mfa' }, because: 'PSD2 RTS Art. 5' } },
  risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: 'deny', critical: 'deny' },
  license: {
    none: { tier: 'basic' },
    states: { trialing: 'full', past_due: { for: '7d', then: { tier: 'basic' } }, suspended: 'none', expired: { tier: 'basic' } },
    upgraded: { requires: { level: 'mfa' } },
  },
  enrollment: { missing: 'deny', first: ['relogin', 'email-otp'], settle: '1d' },
}

/** A document with one to three changes: a member replaced, removed, added, renamed, or an item listed twice. */
const changed: fc.Arbitrary<Json> = fc
  .tuple(
    fc.oneof(
      { arbitrary: fc.constant(full), weight: 3 },
      { arbitrary: documents.map((document) => document as unknown as Json), weight: 1 },
    ),
    fc.array(
      fc.record({
        nth: fc.nat(),
        kind: fc.constantFrom('replace', 'replace', 'remove', 'add', 'rename', 'repeat'),
        value: values,
        key: fc.oneof(fc.constantFrom(...members), names),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([document, changes]) =>
    changes.reduce<Json>(
      (value, { nth, kind, value: other, key }) => {
        const places = placesIn(value)
        const place = places[nth % places.length] ?? []
        return replaced(value, place, (old) => {
          const isObject = typeof old === 'object' && old !== null && !Array.isArray(old)
          switch (kind) {
            case 'remove':
              return undefined
            case 'add':
              return isObject ? { ...old, [key]: other } : other
            case 'rename':
              return isObject
                ? Object.fromEntries(Object.entries(old).map(([name, member], index) => [index === 0 ? key : name, member]))
                : other
            case 'repeat':
              return Array.isArray(old) ? [...old, ...old] : other
            default:
              return other
          }
        })
      },
      JSON.parse(JSON.stringify(document)),
    ),
  )

describe('schema and parser agree wherever a schema can express the rule', () => {
  test('the document that is changed below is valid, and has every member', () => {
    expect(parsePolicy(full).ok).toBe(true)
    const named = placesIn(full).map((place) => `${place.at(-1)}`)
    for (const [part, list] of Object.entries(MEMBERS)) if (part !== 'states') expect(named).toEqual(expect.arrayContaining([...list]))
  })

  test('over documents that were changed in a few places', () => {
    const seen = { both: 0, neither: 0, beyond: new Set<string>() }
    fc.assert(
      fc.property(changed, (document) => {
        const parsed = parsePolicy(document)
        const valid = accepts(document)
        if (parsed.ok) {
          expect(valid, `only the parser accepts it: ${JSON.stringify(accepts.errors)}`).toBe(true)
          seen.both += 1
        } else if (valid) {
          for (const { path, message } of parsed.issues) {
            const place = placeOf(path)
            const rule = Object.entries(BEYOND_THE_SCHEMA).find(([, applies]) => applies(place, at(document, place), document))
            expect(rule, `the schema could say this and does not: ${path} ${message}`).toBeDefined()
            seen.beyond.add(rule?.[0] ?? '')
          }
        } else seen.neither += 1
      }),
      { numRuns: 2500 },
    )
    expect(seen.both).toBeGreaterThan(100)
    expect(seen.neither).toBeGreaterThan(1000)
    // chance decides which of them it meets; the table below has each
    expect(seen.beyond.size).toBeGreaterThan(0)
  })

  test.each([
    ['a name that the document does not define', { tiers: { basic: { features: ['export'] } } }],
    ['tiers that extend each other in a circle', { tiers: { a: { extends: 'b' }, b: { extends: 'a' } } }],
    [
      'whenStale on a feature that asks for more than the session',
      { features: { view: { whenStale: 'permit', requires: { level: 'mfa' } } } },
    ],
    ['a combination that no method can meet', { features: { view: { requires: { level: 'phr', methods: ['totp'] } } } }],
    ['a duration of more than ten years', { enrollment: { settle: '3651d' } }],
    ['a text of more than 500 UTF-16 units', { features: { view: { label: '😀'.repeat(251) } } }],
    ['half a character', { features: { view: { label: '\ud800' } } }],
  ])('only the parser can refuse %s', (rule, part) => {
    const document = { format: 1, features: { view: {} }, tiers: { basic: { features: ['view'] } }, ...part }
    const parsed = parsePolicy(document)
    expect(accepts(document)).toBe(true)
    expect(parsed.ok).toBe(false)
    const issues = parsed.ok ? [] : parsed.issues
    for (const { path } of issues)
      expect(BEYOND_THE_SCHEMA[rule]?.(placeOf(path), at(document, placeOf(path)), document as Json)).toBe(true)
  })
})

describe('a parser that takes a new member or word needs a new schema', () => {
  const { $defs, properties } = schema
  const objectOf = (definition: { oneOf: { type?: string; properties?: object }[] }) =>
    definition.oneOf.find(({ type }) => type === 'object')

  test.each<[keyof typeof MEMBERS, { properties: object } | undefined]>([
    ['policy', schema],
    ['feature', $defs.feature],
    ['tier', $defs.tier],
    ['compliance', $defs.compliance],
    ['requirement', $defs.requirement],
    ['risk', properties.risk],
    ['license', properties.license],
    ['states', properties.license.properties.states],
    ['upgraded', properties.license.properties.upgraded],
    ['grant', objectOf($defs.grant) as { properties: object }],
    ['grace', objectOf($defs.effect) as { properties: object }],
    ['enrollment', properties.enrollment],
  ])('the members of %s', (part, definition) => {
    expect(Object.keys(definition?.properties ?? {}).toSorted()).toEqual([...MEMBERS[part]].toSorted())
    expect(definition).toMatchObject({ additionalProperties: false })
  })

  test.each<[keyof typeof WORDS, { enum?: string[]; const?: string }]>([
    ['level', $defs.requirement.properties.level],
    ['methods', $defs.requirement.properties.methods.items],
    ['enforce', $defs.feature.properties.enforce],
    ['whenStale', $defs.feature.properties.whenStale],
    ['machines', $defs.feature.properties.machines],
    ['actors', $defs.feature.properties.actors],
    ['missing', properties.enrollment.properties.missing],
    ['first', properties.enrollment.properties.first.items],
  ])('the words of %s', (member, definition) => {
    expect((definition.enum ?? [definition.const]).toSorted()).toEqual([...WORDS[member]].toSorted())
  })

  test('no part of the parser is left out of the comparison above', () => {
    expect(Object.keys(MEMBERS)).toHaveLength(12)
    expect(Object.keys(WORDS)).toHaveLength(8)
  })
})
