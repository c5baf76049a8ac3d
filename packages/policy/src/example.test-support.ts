import type { Assurance, Decision, License, Method, ReasonCode } from '@stile/protocol'
import { NOW } from './arbitraries.test-support.ts'
import { type DecideRequest, decide } from './decide.ts'
import type { Policy } from './document.ts'
import { definePolicy } from './policy.ts'

type F = 'view' | 'export' | 'pay' | 'trial' | 'beta'

/** The policy that the examples decide by. */
export const policy: Policy<F, 'basic' | 'pro' | 'enterprise'> = definePolicy({
  format: 1,
  features: {
    view: {},
    export: { requires: { level: 'mfa', maxAge: '15m' } },
    pay: { requires: { level: 'phrh', maxAge: '2m', bind: ['amount', 'payee'] }, compliance: ['psd2'] },
    trial: { requires: { level: 'mfa' }, enforce: 'observe' },
    beta: {},
  },
  tiers: {
    basic: { features: ['view'] },
    pro: { extends: 'basic', features: ['export', 'trial'] },
    enterprise: { extends: 'pro', features: ['pay'], requires: { level: 'mfa', maxAge: '12h' } },
  },
  compliance: { psd2: { requires: { level: 'mfa', maxAge: '5m' }, because: 'PSD2 RTS Art. 5' } },
  risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: { level: 'phr' } },
  license: { none: { tier: 'basic' }, upgraded: { requires: { level: 'mfa' } } },
})

/** A license of a tier. */
export const license = (tier: string, more: Partial<License> = {}): License => ({
  id: 'lic',
  epoch: 1,
  tier,
  features: [],
  state: 'active',
  ...more,
})
/** One proof of some age in seconds. */
export const proven = (method: Method | 'login', level: 'session' | 'mfa' | 'phr' | 'phrh', age = 0): Assurance => ({
  proofs: [{ method, level, amr: [], authTime: NOW - age }],
})
/** A login without a trusted time. */
export const login: Assurance = { proofs: [{ method: 'login', level: 'session', amr: [], authTime: 0 }] }
/** Decides for an enterprise license, after a login, at normal risk, unless told otherwise. */
export const ask = (feature: F, more: Partial<DecideRequest<F>> = {}): Decision =>
  decide(policy, { feature, license: license('enterprise'), assurance: login, risk: 'normal', now: NOW, ...more })
/** The codes of a decision's reasons. */
export const codes = (decision: Decision): ReasonCode[] => decision.reasons.map((reason) => reason.code)
