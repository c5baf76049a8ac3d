import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { policies } from './arbitraries.test-support.ts'
import { diff } from './diff.ts'
import type { Policy, PolicyDocument } from './document.ts'
import { parsePolicy } from './policy.ts'

// many generated cases: a busy machine is no failure
vi.setConfig({ testTimeout: 60_000 })

const base = {
  format: 1,
  features: { view: {}, export: { requires: { level: 'mfa', maxAge: '15m' } }, pay: { requires: { level: 'phr' }, compliance: ['psd2'] } },
  tiers: { basic: { features: ['view'] }, pro: { extends: 'basic', features: ['export'] }, top: { extends: 'pro', features: ['pay'] } },
  compliance: { psd2: { requires: { level: 'mfa', maxAge: '5m' }, because: 'PSD2' } },
  risk: { elevated: { level: 'mfa' } },
} as const satisfies PolicyDocument

function read(document: unknown): Policy {
  const parsed = parsePolicy(document)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
  return parsed.policy
}

const changes = (after: unknown, before: unknown = base) => diff(read(before), read(after))
const kinds = (after: unknown, before: unknown = base) => changes(after, before).map(({ kind, path }) => `${kind} ${path}`)
const feature = (name: keyof typeof base.features, value: unknown) => ({ ...base, features: { ...base.features, [name]: value } })

describe('what changes between two policies', () => {
  test('nothing, if they say the same', () => {
    expect(changes(structuredClone(base))).toEqual([])
  })

  test('features and tiers that come and go', () => {
    const more = {
      ...base,
      features: { ...base.features, audit: {} },
      tiers: { ...base.tiers, max: { extends: 'top', features: ['audit'] } },
    }
    expect(kinds(more)).toEqual(['added /features/audit', 'added /tiers/max'])
    expect(kinds(base, more)).toEqual(['removed /features/audit', 'removed /tiers/max'])
  })

  test('features that a tier gains or loses, in every tier that feels it', () => {
    const moved = { ...base, tiers: { ...base.tiers, basic: { features: ['view', 'export'] } } }
    expect(kinds(moved)).toEqual(['added /tiers/basic'])
    expect(kinds(base, moved)).toEqual(['removed /tiers/basic'])
  })

  test('a requirement that gets stricter or milder, told once for all tiers that feel it', () => {
    const stricter = feature('export', { requires: { level: 'phr', maxAge: '15m' } })
    expect(changes(stricter)).toEqual([
      {
        kind: 'tightened',
        path: '/features/export',
        message:
          '“export” in pro and top goes from a second factor given in the last 15 minutes to a passkey or security key given in the last 15 minutes.',
      },
    ])
    expect(kinds(base, stricter)).toEqual(['loosened /features/export'])
    expect(kinds(feature('export', { requires: { level: 'phr', maxAge: '1h' } }))).toEqual(['changed /features/export'])
  })

  test('no change is told if a rule moves from a feature to the tier that adds it', () => {
    const moved = {
      ...feature('export', {}),
      tiers: { ...base.tiers, pro: { ...base.tiers.pro, requires: { level: 'mfa', maxAge: '15m' } } },
    }
    expect(changes(moved)).toEqual([])
  })

  test('what compliance asks for is part of it', () => {
    expect(kinds(feature('pay', { requires: { level: 'phr' } }))).toEqual(['loosened /features/pay'])
    expect(kinds({ ...base, compliance: { psd2: { ...base.compliance.psd2, because: 'PSD3' } } })).toEqual(['changed /compliance/psd2'])
  })

  test('what is only recorded, waived or let through', () => {
    const open = feature('view', { enforce: 'observe', whenStale: 'permit', machines: 'license', label: 'See' })
    expect(kinds(open)).toEqual([...Array(3).fill('loosened /features/view'), 'changed /features/view'])
    expect(kinds(base, open)).toEqual([...Array(3).fill('tightened /features/view'), 'changed /features/view'])
    expect(kinds(feature('view', { actors: 'deny' }))).toEqual(['tightened /features/view'])
  })

  test('risk, in which each band counts what milder ones ask for', () => {
    expect(kinds({ ...base, risk: { elevated: { level: 'phr' } } })).toEqual(['tightened /risk/elevated', 'tightened /risk'])
    expect(kinds({ ...base, risk: { ...base.risk, critical: { level: 'phr' } } })).toEqual(['loosened /risk/critical'])
  })

  test('licenses and enrolment', () => {
    const license = {
      none: { tier: 'basic' },
      states: { suspended: { tier: 'basic' }, active: 'none' },
      upgraded: { requires: { level: 'mfa' } },
    }
    expect(kinds({ ...base, license })).toEqual([
      'loosened /license/none',
      'tightened /license/states/active',
      'loosened /license/states/suspended',
      'tightened /license/upgraded',
    ])
    expect(kinds({ ...base, enrollment: { missing: 'deny', first: ['relogin', 'email-otp'], settle: '1d' } })).toEqual([
      'tightened /enrollment/missing',
      'tightened /enrollment/first',
      'tightened /enrollment/settle',
    ])
  })

  test('the first authenticator always asks for a sign-in, so that a list with and without it says the same', () => {
    const first = (...methods: string[]) => ({ ...base, enrollment: { first: methods } })
    expect(kinds(first('email-otp'), first('email-otp', 'relogin'))).toEqual([])
    expect(changes(first('email-otp'))).toEqual([
      { kind: 'tightened', path: '/enrollment/first', message: 'The first authenticator goes from relogin to relogin and email-otp.' },
    ])
    expect(kinds(base, first('email-otp'))).toEqual(['loosened /enrollment/first'])
  })

  test('features that hold new authenticators back, or no longer do, though they ask for the same', () => {
    const settle = { enrollment: { settle: '1d' } }
    const free = { ...base, ...settle }
    const ruled = (name: 'export' | 'pay', requires: unknown) => ({
      ...feature(name, { requires, compliance: ['light'] }),
      ...settle,
      compliance: { ...base.compliance, light: { requires: { level: 'session' }, because: 'Internal control 12' } },
    })
    const open = (name: 'export' | 'pay', requires: unknown) => ({ ...feature(name, { requires }), ...settle })
    expect(changes(ruled('pay', { level: 'phr' }), open('pay', { level: 'phr' }))).toEqual([
      {
        kind: 'tightened',
        path: '/features/pay',
        message: '“pay” in top now counts new authenticators as a second factor until they settle.',
      },
    ])
    expect(changes(open('pay', { level: 'phr' }), ruled('pay', { level: 'phr' }))).toEqual([
      { kind: 'loosened', path: '/features/pay', message: '“pay” in top now counts new authenticators in full at once.' },
    ])
    // if no more than a second factor is asked they count in full as they are
    expect(kinds(ruled('export', { level: 'mfa' }), open('export', { level: 'mfa' }))).toEqual([])
    // settling that comes with the section is told there
    expect(kinds(free)).toEqual(['tightened /enrollment/settle'])
  })

  test('backwards, whatever was tightened is loosened and whatever was added is removed', () => {
    const opposite = { added: 'removed', removed: 'added', tightened: 'loosened', loosened: 'tightened', changed: 'changed' } as const
    fc.assert(
      fc.property(policies, policies, (a, b) => {
        const there = diff(a, b).map(({ kind }) => opposite[kind])
        const back = diff(b, a).map(({ kind }) => kind)
        expect(there.toSorted()).toEqual(back.toSorted())
        expect(diff(a, a)).toEqual([])
      }),
    )
  })
})
