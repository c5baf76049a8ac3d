import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { documents } from './arbitraries.test-support.ts'
import { definePolicy, PolicyError, parsePolicy } from './policy.ts'

// many generated cases: a busy machine is no failure
vi.setConfig({ testTimeout: 60_000 })

const good = {
  format: 1,
  features: {
    view: {},
    export: { requires: { level: 'mfa', maxAge: '15m' }, enforce: 'on' },
    pay: { requires: { level: 'phrh', maxAge: '2m', bind: ['amount'] }, compliance: ['psd2-sca'] },
  },
  tiers: {
    basic: { features: ['view'] },
    pro: { extends: 'basic', features: ['export'] },
    enterprise: { extends: 'pro', features: ['pay'], requires: { level: 'mfa', maxAge: '12h' } },
  },
  compliance: { 'psd2-sca': { requires: { level: 'mfa', maxAge: '5m' }, because: 'PSD2 RTS Art. 5' } },
}

function issuesOf(value: unknown): readonly (readonly [string, string?])[] {
  const parsed = parsePolicy(value)
  if (parsed.ok) return []
  return parsed.issues.map(({ path, suggestion }) => (suggestion === undefined ? [path] : [path, suggestion]))
}

const withFeature = (feature: unknown) => ({ ...good, features: { ...good.features, extra: feature } })
const withTier = (tier: unknown) => ({ ...good, tiers: { ...good.tiers, extra: tier } })
const withRequirement = (requires: unknown) => withFeature({ requires })

describe('a document that is right', () => {
  test('comes back as it was written, frozen through and through', () => {
    const parsed = parsePolicy(good)
    expect(parsed).toMatchObject({
      ok: true,
      policy: { document: good, features: ['view', 'export', 'pay'], tiers: ['basic', 'pro', 'enterprise'] },
    })
    const walk = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(walk))
    expect(walk(parsed)).toBe(false)
    expect(parsed.ok && walk(parsed.policy)).toBe(true)
  })

  test('is a copy: what happens to the original later changes nothing', () => {
    const original = structuredClone(good)
    const parsed = parsePolicy(original)
    original.features.export.requires.level = 'session'
    expect(parsed.ok && parsed.policy.document.features.export?.requires?.level).toBe('mfa')
  })

  test('has a digest that depends on what it says, not on the order of its members', () => {
    const digest = (value: unknown) => {
      const parsed = parsePolicy(value)
      return parsed.ok ? parsed.policy.digest : undefined
    }
    const reversed = { ...Object.fromEntries(Object.entries(good).toReversed()) }
    expect(digest(good)).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(digest(reversed)).toBe(digest(good))
    expect(digest({ ...good, compliance: undefined, features: { ...good.features, pay: {} } })).not.toBe(digest(good))
  })

  test('may name things like the members of every object', () => {
    const named = { format: 1, features: { constructor: {}, toString: {} }, tiers: { valueOf: { features: ['constructor', 'toString'] } } }
    expect(issuesOf(named)).toEqual([])
    expect(issuesOf({ format: 1, features: {}, tiers: { basic: { features: ['constructor'] } } })).toEqual([['/tiers/basic/features/0']])
    expect(issuesOf({ ...good, features: { ...good.features, view: { compliance: ['toString'] } } })).toEqual([
      ['/features/view/compliance/0'],
    ])
  })

  test.each([[['relogin']], [['email-otp']], [['relogin', 'email-otp']], [['email-otp', 'relogin']]])(
    'may ask for the first authenticator: %j',
    (first) => {
      expect(issuesOf({ ...good, enrollment: { first } })).toEqual([])
    },
  )

  test('is every well-formed document whose rules name no methods', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const open = JSON.parse(JSON.stringify(document, (key, value) => (key === 'methods' ? undefined : value)))
        expect(issuesOf(open)).toEqual([])
      }),
    )
  })
})

describe('a document that is wrong', () => {
  test('is told everything at once, each with its place and a suggestion if one is close', () => {
    expect(
      issuesOf({
        format: 2,
        featurs: {},
        features: { view: { requires: { level: 'mfaa', maxage: '15m' } }, export: { compliance: ['psd2'] } },
        tiers: { basic: { features: ['veiw'] }, pro: { extends: 'basci', requires: { level: 'mfa', maxAge: '15 minutes' } } },
        compliance: { 'psd2-sca': { requires: { level: 'mfa' } } },
        risk: { unknown: 'deny', elevatd: 'deny' },
        license: { states: { pastdue: 'full', active: 'ful' } },
      }),
    ).toEqual([
      ['/featurs', 'Did you mean "features"?'],
      ['/format'],
      ['/features/view/requires/maxage', 'Did you mean "maxAge"?'],
      ['/features/view/requires/level', 'Did you mean "mfa"?'],
      ['/features/export/compliance/0', 'Did you mean "psd2-sca"?'],
      ['/tiers/basic/features/0', 'Did you mean "view"?'],
      ['/tiers/pro/extends', 'Did you mean "basic"?'],
      ['/tiers/pro/requires/maxAge'],
      ['/compliance/psd2-sca/because'],
      ['/risk/unknown'],
      ['/risk/elevatd', 'Did you mean "elevated"?'],
      ['/license/states/pastdue', 'Did you mean "past_due"?'],
      ['/license/states/active'],
    ])
  })

  test.each([
    ['null', null, ['']],
    ['a list', [], ['']],
    ['a text', 'format: 1', ['']],
    ['nothing in it', {}, ['/format', '/features', '/tiers']],
    ['a feature that is no object', withFeature('mfa'), ['/features/extra']],
    ['a feature with a reserved name', { ...good, features: { ...good.features, 'stile:x': {} } }, ['/features/stile:x']],
    ['a feature whose name would change its place', { ...good, features: { ...good.features, 1: {} } }, ['/features/1']],
    ['a feature named __proto__', JSON.parse('{"format":1,"features":{"__proto__":{}},"tiers":{}}'), ['/features/__proto__']],
    ['a name with a slash', { ...good, features: { ...good.features, 'a/b~c': {} } }, ['/features/a~1b~0c']],
    ['a requirement without a level', withRequirement({ maxAge: '5m' }), ['/features/extra/requires/level']],
    ['an age of nothing', withRequirement({ level: 'mfa', maxAge: '0s' }), ['/features/extra/requires/maxAge']],
    ['an age in a fraction', withRequirement({ level: 'mfa', maxAge: '1.5h' }), ['/features/extra/requires/maxAge']],
    ['an age as a number', withRequirement({ level: 'mfa', maxAge: 900 }), ['/features/extra/requires/maxAge']],
    ['an age over ten years', withRequirement({ level: 'mfa', maxAge: '3651d' }), ['/features/extra/requires/maxAge']],
    ['no method at all', withRequirement({ level: 'mfa', methods: [] }), ['/features/extra/requires/methods']],
    ['an unknown method', withRequirement({ level: 'mfa', methods: ['sms'] }), ['/features/extra/requires/methods/0']],
    ['a method twice', withRequirement({ level: 'mfa', methods: ['totp', 'totp'] }), ['/features/extra/requires/methods/1']],
    [
      'methods that do not reach the level',
      withRequirement({ level: 'phr', methods: ['totp', 'email-otp'] }),
      ['/features/extra/requires/methods'],
    ],
    [
      'a recovery code as the only method',
      withRequirement({ level: 'session', methods: ['recovery-code'] }),
      ['/features/extra/requires/methods'],
    ],
    [
      'a login as the only method for an operation',
      withRequirement({ level: 'session', methods: ['relogin'], bind: ['amount'] }),
      ['/features/extra/requires/methods'],
    ],
    ['an empty bind', withRequirement({ level: 'mfa', bind: [] }), ['/features/extra/requires/bind']],
    ['a bind that is no name', withRequirement({ level: 'mfa', bind: ['__proto__'] }), ['/features/extra/requires/bind/0']],
    [
      'provenAfter, which only the service sets',
      withRequirement({ level: 'mfa', provenAfter: 1 }),
      ['/features/extra/requires/provenAfter'],
    ],
    ['a label that is empty', withFeature({ label: ' ' }), ['/features/extra/label']],
    ['half a character', withFeature({ label: 'a\ud800b' }), ['/features/extra/label']],
    ['a hole in a list', withTier({ features: new Array(1) }), ['/tiers/extra/features/0']],
    ['a tier that extends itself', withTier({ extends: 'extra' }), ['/tiers/extra/extends']],
    ['risk that is a text', { ...good, risk: 'deny' }, ['/risk']],
    ['a risk entry that permits', { ...good, risk: { high: 'permit' } }, ['/risk/high']],
    ['a risk entry for normal', { ...good, risk: { normal: { level: 'mfa' } } }, ['/risk/normal']],
    ['full access without a license', { ...good, license: { none: 'full' } }, ['/license/none']],
    ['a license tier that does not exist', { ...good, license: { none: { tier: 'free' } } }, ['/license/none/tier']],
    ['a grace period without an end', { ...good, license: { states: { past_due: { for: '7d' } } } }, ['/license/states/past_due/then']],
    ['an upgrade without a requirement', { ...good, license: { upgraded: {} } }, ['/license/upgraded/requires']],
    ['a first enrolment that asks for nothing', { ...good, enrollment: { first: [] } }, ['/enrollment/first']],
    ['a first enrolment by the same method twice', { ...good, enrollment: { first: ['relogin', 'relogin'] } }, ['/enrollment/first/1']],
    ['a time to settle in a fraction', { ...good, enrollment: { settle: '0.5d' } }, ['/enrollment/settle']],
    ['a first enrolment that needs one already', { ...good, enrollment: { first: ['passkey'] } }, ['/enrollment/first/0']],
  ])('%s', (_, value, paths) => {
    expect(issuesOf(value).map(([path]) => path)).toEqual(paths)
  })

  test('tiers in a circle are one issue for the circle', () => {
    const circle = { ...good, tiers: { a: { extends: 'b' }, b: { extends: 'c' }, c: { extends: 'a' }, d: { extends: 'a' } } }
    expect(issuesOf(circle)).toEqual([['/tiers/c/extends']])
  })

  test('threat: an outage must not open a feature that asks for more than the session anywhere', () => {
    const stale = { whenStale: 'permit' }
    const path = [['/features/extra/whenStale']]
    expect(issuesOf(withFeature(stale))).toEqual([])
    expect(issuesOf(withFeature({ ...stale, requires: { level: 'session' } }))).toEqual([])
    expect(issuesOf(withFeature({ ...stale, requires: { level: 'mfa' } }))).toEqual(path)
    expect(issuesOf(withFeature({ ...stale, requires: { level: 'session', maxAge: '1h' } }))).toEqual(path)
    expect(issuesOf(withFeature({ ...stale, compliance: ['psd2-sca'] }))).toEqual(path)
    const added = { ...withFeature(stale), tiers: { ...good.tiers, top: { features: ['extra'], requires: { level: 'mfa' } } } }
    expect(issuesOf(added)).toEqual(path)
    const inherited = {
      ...withFeature(stale),
      tiers: { low: { features: ['extra'] }, top: { extends: 'low', requires: { level: 'mfa' } } },
    }
    expect(issuesOf(inherited)).toEqual([])
  })

  test('a combination that no method can meet is told at the rule that makes it impossible', () => {
    const totp = { level: 'mfa', methods: ['totp'] }
    const passkey = { level: 'mfa', methods: ['passkey'] }
    const base = { format: 1, features: { pay: { requires: totp } }, tiers: { pro: { features: ['pay'] } } }
    expect(issuesOf(base)).toEqual([])
    expect(issuesOf({ ...base, tiers: { pro: { features: ['pay'], requires: passkey } } })).toEqual([['/tiers/pro/requires']])
    expect(issuesOf({ ...base, tiers: { pro: { features: ['pay'], requires: { level: 'phr' } } } })).toEqual([['/tiers/pro/requires']])
    const ruled = { ...base, features: { pay: { requires: totp, compliance: ['psd2'] } } }
    expect(issuesOf({ ...ruled, compliance: { psd2: { requires: passkey, because: 'PSD2' } } })).toEqual([['/compliance/psd2']])
    expect(issuesOf({ ...base, license: { upgraded: { requires: passkey } } })).toEqual([['/license/upgraded']])
    expect(issuesOf({ ...base, risk: { high: { level: 'phr' } } })).toEqual([['/risk/high']])
    expect(issuesOf({ ...base, risk: { elevated: totp, high: passkey } })).toEqual([['/risk/high']])
    const mail = { ...base, features: { pay: { requires: { level: 'session', methods: ['email-otp'] } } } }
    expect(issuesOf({ ...mail, risk: { elevated: { level: 'session', maxAge: '5m' } } })).toEqual([['/risk/elevated']])
  })
})

describe('hostile documents', () => {
  test('of any shape never throw, and every issue has a pointer and a sentence', () => {
    const wellFormed = (value: unknown) => {
      const parsed = parsePolicy(value)
      if (!parsed.ok) for (const { path, message } of parsed.issues) expect(`${path} ${message}`).toMatch(/^(\/[^/]*)* .{10,}\.$/su)
    }
    fc.assert(fc.property(fc.anything(), wellFormed))
    fc.assert(
      fc.property(
        fc.record({ format: fc.constant(1), features: fc.anything(), tiers: fc.anything(), risk: fc.anything(), license: fc.anything() }),
        wellFormed,
      ),
    )
  })

  test('with a member that throws are an issue like any other', () => {
    const trap = {
      get features() {
        throw new Error('trap')
      },
    }
    expect(issuesOf(trap)).toEqual([['']])
  })

  test('with names of any length cost no time to suggest for', () => {
    const long = 'x'.repeat(100_000)
    expect(issuesOf({ ...good, [long]: 1 })).toEqual([[`/${long}`]])
  })
})

test('definePolicy throws once, with everything that is wrong', () => {
  const define = () =>
    definePolicy({ format: 1, features: { a: { requires: { level: 'mfa', maxAge: '0s' } } }, tiers: { t: { features: ['a'], label: '' } } })
  expect(define).toThrow(PolicyError)
  try {
    define()
  } catch (error) {
    expect((error as PolicyError).issues.map((issue) => issue.path)).toEqual(['/features/a/requires/maxAge', '/tiers/t/label'])
    expect((error as PolicyError).message).toContain('/tiers/t/label: ')
  }
})
