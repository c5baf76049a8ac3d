import type { Reason, Requirement } from '@stile/protocol'
import { afterEach, expect, test } from 'vitest'
import { decision, json, MFA, openStepUp, setup, state, until } from '../../wire.test-support.ts'
import { about, buttonOf, dialog, mount, press, say, texts, type, useDialogs } from '../page.test-support.ts'

useDialogs()
afterEach(() => {
  document.documentElement.lang = ''
})

const purpose = say('purpose', { feature: 'Export reports' })
const reason = (code: Reason['code']): Reason => ({ code, source: '/features', message: 'A sentence of the policy for developers.' })
async function shown(reasons: readonly Reason[], requirement: Requirement = MFA, user?: string) {
  const decided = decision('reports.export', { outcome: 'step_up', requirement, reasons, next: { methods: ['totp'] } })
  const { stile } = setup({
    'GET /v1/state': () => json(state({ decisions: { 'reports.export': decided } })),
    'POST /v1/step-ups': () => json(openStepUp({ requirement, methods: [{ method: 'totp' }, { method: 'relogin', hint: 'idp.example' }] })),
  })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  mount(stile, user ? { user } : {})
  stile.stepUp('reports.export')
  await until(() => dialog().open)
  return stile
}

test('the first prompt says what for, why now, who is asked and for how long it will do, and so does every view but the last', async () => {
  await shown([reason('step_up_required'), reason('risk_elevated')], MFA, 'ada@example.com')
  const lines = [purpose, texts.why_risk_elevated, say('signedInAs', { user: 'ada@example.com' }), say('holds', { time: '15 minutes' })]
  expect(about()).toEqual(lines)
  await until(() => buttonOf(texts.another))
  press(texts.another)
  await until(() => buttonOf(texts.useTotp))
  expect(about()).toEqual(lines)
  press(texts.useTotp)
  type('123456')
  await until(() => dialog().querySelector('h2')?.textContent === texts.done)
  expect(about()).toEqual([''])
})

test.each([
  ['assurance_stale', texts.why_assurance_stale],
  ['step_up_required', texts.why_step_up_required],
  ['compliance_required', texts.why_compliance_required],
  ['license_upgraded', texts.why_license_upgraded],
  ['operation_unbound', texts.why_operation_unbound],
] as const)('%s is told in plain words, never in those of the policy', async (code, sentence) => {
  await shown([reason(code)])
  expect(about()[1]).toBe(sentence)
})

test('what has no words of its own is left out', async () => {
  await shown([reason('unknown_feature')], { level: 'mfa' })
  expect(about()).toEqual([purpose])
})

test.each([
  [60, '', '1 minute'],
  [3600, 'de', '60 Minuten'],
  [7200, '', '2 hours'],
  [86_400, 'no language', '24 hours'],
])('a proof that holds for %i s, on a page in the language “%s”, holds for %s', async (maxAgeSeconds, lang, time) => {
  document.documentElement.lang = lang
  await shown([], { level: 'mfa', maxAgeSeconds })
  expect(about()).toEqual([purpose, say('holds', { time })])
})

test('a proof that holds for one operation is not said to hold', async () => {
  await shown([], { ...MFA, bind: ['amount'] })
  expect(about()).toEqual([purpose])
})
