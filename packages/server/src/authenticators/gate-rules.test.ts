import { definePolicy } from '@stile/policy'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadStanding, type Standing } from '../standing/standing.ts'
import { createWorld, POLICY, type World } from '../step-ups/world.test-support.ts'
import type { TicketRecord } from '../stores/store.ts'
import { authenticatorsGate, waysToChange } from './gate.ts'

let world: World
let standing: Standing
beforeEach(async () => {
  world = await createWorld()
  standing = { ...(await loadStanding(world.domain, await world.caller())), proofs: [] }
})
afterEach(() => world.close())

describe('a ticket', () => {
  const outcome = (ticket: Partial<TicketRecord>, graceSeconds = 0, band: Standing['risk']['band'] = 'normal') =>
    authenticatorsGate(world.domain, { ...standing, risk: { band, reasons: [] } }, { graceSeconds, ticket: ticket as TicketRecord }).outcome

  test('threat: it opens the gate after its end, or longer than the grace of an enrolment', () => {
    const until = (seconds: number) => ({ by: 'admin', expiresAt: standing.now + seconds }) as const
    expect([until(1), until(0), until(-1)].map((ticket) => outcome(ticket))).toEqual(['permit', 'step_up', 'step_up'])
    expect([until(-9), until(-10), until(-11)].map((ticket) => outcome(ticket, 10))).toEqual(['permit', 'step_up', 'step_up'])
  })

  test('threat: one that no administrator gave opens the gate while the context looks dangerous', () => {
    const by = (who: string) => ({ by: who, expiresAt: standing.now + 60 }) as Partial<TicketRecord>
    for (const band of ['high', 'critical'] as const)
      expect([outcome(by('admin'), 0, band), outcome(by('recovery-code'), 0, band)]).toEqual(['permit', 'deny'])
    for (const band of ['normal', 'elevated', 'unknown'] as const) expect(outcome(by('recovery-code'), 0, band)).toBe('permit')
  })
})

test('threat: a weaker authenticator that was enrolled later lowers the gate', () => {
  const lost = (level: 'phr' | 'mfa') => ({ level, disabled: true, data: { method: 'security-key' } })
  const authenticators = [lost('phr'), lost('mfa')] as unknown as Standing['authenticators']
  const gate = authenticatorsGate(world.domain, { ...standing, authenticators })
  expect(gate).toMatchObject({ outcome: 'deny', reasons: [{ code: 'requirement_unsatisfiable' }] })
  expect(gate).toHaveProperty('detail', expect.stringContaining('recovery code'))
  const proofs = [{ method: 'passkey', level: 'mfa', amr: [], authTime: standing.now }] as unknown as Standing['proofs']
  expect(authenticatorsGate(world.domain, { ...standing, authenticators, proofs }).outcome).toBe('deny')
})

test('an issuer that the options do not have any more asks for a sign-in', () => {
  const domain = { ...world.domain, options: { ...world.domain.options, issuers: [] } }
  expect(() => authenticatorsGate(domain, standing)).not.toThrow()
})

test('threat: somebody gets the gate of another issuer. The second factor is asked for by their own', async () => {
  const { options } = world.domain
  const [own] = options.issuers
  if (own === undefined) throw new Error('There is no issuer.')
  const strict = { firstEnrollment: undefined, stepUp: { mfa: { acr_values: 'urn:mfa' } } }
  const on = (issuers: readonly object[]) => ({ ...world.domain, options: { ...options, issuers: issuers as never } })
  const signedIn = await loadStanding(world.domain, await world.caller())
  expect(authenticatorsGate(on([{ ...own, ...strict, id: 'other' }, own]), signedIn).outcome).toBe('permit')
  const gate = authenticatorsGate(on([{ ...own, ...strict }]), signedIn)
  expect(gate).toMatchObject({ outcome: 'deny', reasons: [{ code: 'requirement_unsatisfiable' }] })
  expect(gate).toHaveProperty('detail', expect.stringContaining('second factor'))
})

test('what makes the context dangerous is told by the reasons of the risk', () => {
  const reasons = [{ code: 'risk_elevated', source: '/risk/high', message: 'A new country.' }] as const
  expect(authenticatorsGate(world.domain, { ...standing, risk: { band: 'high', reasons } })).toMatchObject({ outcome: 'deny', reasons })
})

test('at normal risk a code that cannot be sent is no matter of risk', async () => {
  const policy = definePolicy({ ...POLICY.document, enrollment: { first: ['email-otp', 'relogin'] } } as never)
  const domain = { ...world.domain, policy: () => ({ policy, revision: 2, digest: policy.digest }) }
  const current = await loadStanding(domain, await world.caller())
  expect(authenticatorsGate(domain, current)).toMatchObject({ outcome: 'deny', reasons: [{ code: 'requirement_unsatisfiable' }] })
})

test('threat: a thief who brings a stolen session token first enrols an app, because the login is fresh', async () => {
  const gateFor = async (vouchedBy: 'issuer' | 'first') =>
    authenticatorsGate(world.domain, await loadStanding(world.domain, await world.caller({ vouchedBy })))
  expect(await gateFor('issuer')).toMatchObject({ outcome: 'permit' })
  expect(await gateFor('first')).toMatchObject({ outcome: 'deny', reasons: [{ code: 'requirement_unsatisfiable' }] })
})

test('threat: a change of what is enrolled is let in by a sign-in, in which nobody is shown what it is for', async () => {
  const caller = await world.caller()
  const methods = async () =>
    waysToChange(world.domain, await loadStanding(world.domain, caller), { level: 'session' }).map(({ way }) => way.method)
  expect(await methods()).toEqual(['relogin'])
  await world.enrolApp(caller)
  expect(await methods()).toEqual(['totp'])
})
