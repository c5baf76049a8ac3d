import type { Decision } from '@stile/protocol'
import { NOW } from './arbitraries.test-support.ts'
import { type DecideRequest, decide } from './decide.ts'
import { license, login } from './example.test-support.ts'
import { definePolicy } from './policy.ts'

/** The tiers of `document`. */
export const TIERS = {
  basic: { features: ['view'] },
  pro: { extends: 'basic', features: ['open', 'pay'], requires: { level: 'phr' } },
} as const

/** A policy with one feature of each kind: in every plan, with what its tier asks, with more than that. Tests change parts of it. */
export const document = {
  format: 1,
  features: { view: {}, open: {}, pay: { requires: { level: 'phr', maxAge: '5m', bind: ['amount'] } } },
  tiers: TIERS,
} as const

/** Decides by a policy of its own: what a policy remembers of one test must not hide a fault from the next. */
export const ask = (feature: string, more: Partial<DecideRequest> = {}, changes: object = {}): Decision =>
  decide(definePolicy({ ...document, ...changes } as never), {
    feature: feature as never,
    license: license('pro'),
    assurance: login,
    risk: 'normal',
    now: NOW,
    ...more,
  })

/** Where in the policy the reasons of a decision point to. */
export const sources = (decision: Decision): string[] => decision.reasons.map(({ source }) => source)
