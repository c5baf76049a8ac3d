import { definePolicy, type Policy } from '@stile/policy'
import { expect } from 'vitest'
import type { TestService } from './service.ts'

export const NOW = 1_800_000_000

/** Rules in which everything that a decision depends on matters. */
export const policy: Policy = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'reports.print': { requires: { level: 'session', maxAge: '5m' } },
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.approve': { requires: { level: 'phr', maxAge: '2m', bind: ['amount'] } },
  },
  tiers: {
    basic: { features: ['reports.view', 'reports.print'] },
    pro: { extends: 'basic', features: ['reports.export'] },
    enterprise: { extends: 'pro', features: ['payouts.approve'], requires: { level: 'mfa', maxAge: '12h' } },
  },
  risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: { level: 'phr', maxAge: '5m' }, critical: 'deny' },
  license: { none: { tier: 'basic' }, states: { suspended: 'none' }, upgraded: { requires: { level: 'mfa' } } },
})

/** One call, as a client makes it. */
export async function call(service: TestService, method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await service.fetch(`${service.url}${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
  const text = await response.text()
  return { status: response.status, body: text ? JSON.parse(text) : undefined }
}

/** Gives the proof of the change that was begun last. */
export async function confirm(service: TestService): Promise<void> {
  const opened = await call(service, 'POST', '/v1/step-ups', { feature: 'stile:authenticators' })
  const { id, operation } = opened.body as { id: string; operation?: object }
  expect(operation).toBeDefined()
  const response = { code: '123456' }
  expect(await call(service, 'POST', `/v1/step-ups/${id}/attempts`, { method: 'totp', response })).toMatchObject({ status: 200 })
}
