import { definePolicy } from '@stile/policy'
import { authenticatorOf, licenseOf, type World } from '@stile/testing'
import { act, screen, waitFor } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { MEMBER, open, outcomeOf, proofNow, typeCode } from '../page.test-support.ts'
import type { FeatureName } from '../register.ts'
import { openDialog } from '../shadow.test-support.ts'
import { StepUpGate } from './step-up-gate.tsx'

const exporting = vi.fn(() => <p>every account number</p>)
const Secret = () => exporting()
const gate = (
  <StepUpGate feature="reports.export">
    <Secret />
  </StepUpGate>
)
const confirm = () => screen.findByRole('button', { name: 'Confirm and continue' })
const content = () => screen.findByText('every account number')
const isClosed = () => expect(screen.queryByText('every account number')).toBeNull()

test('threat: premium content runs before it is permitted: the children are not mounted before the proof', async () => {
  exporting.mockClear()
  const { user } = open(gate)
  await user.click(await confirm())
  await screen.findByLabelText(/6-digit code/)
  expect(exporting).not.toHaveBeenCalled()
  isClosed()
  await typeCode(user)
  await content()
  expect(exporting).toHaveBeenCalled()
})

test('after a click the focus goes to the content as soon as the dialog is gone', async () => {
  const { user } = open(gate)
  await user.click(await confirm())
  await typeCode(user)
  const shown = (await content()).parentElement
  await waitFor(() => expect(document.activeElement).toBe(shown))
  expect(openDialog()).toBeNull()
})

test('content that is permitted without a click takes no focus', async () => {
  const { service } = open(
    <>
      <input aria-label="Search" />
      {gate}
    </>,
  )
  await confirm()
  screen.getByLabelText('Search').focus()
  act(() => service.given(proofNow(service)))
  await content()
  expect(document.activeElement).toBe(screen.getByLabelText('Search'))
})

test('while nothing is known there is a sign of waiting and never a paywall', async () => {
  const seen = new Set<string | null>()
  const watch = new MutationObserver(() => {
    for (const card of document.querySelectorAll('[data-stile-card]')) seen.add(card.getAttribute('data-stile-card'))
  })
  watch.observe(document.body, { childList: true, subtree: true, attributes: true })
  const { service } = open(gate, { given: { ...MEMBER, network: 'slow' } })
  expect(screen.getByRole('status').textContent).toBe('Loading…')
  act(() => service.given({ network: 'up' }))
  watch.disconnect()
  expect([...seen]).toEqual([])
  isClosed()
})

const cards: readonly [what: string, given: Partial<World>, kind: string, text: string][] = [
  ['a stronger proof is needed', MEMBER, 'step_up', 'To continue to “reports.export”, confirm it’s you.'],
  ['nothing is enrolled', { license: licenseOf('pro') }, 'enroll', '“reports.export” needs extra security.'],
  ['the plan does not include it', { license: licenseOf('basic') }, 'upgrade', '“reports.export” is in pro and enterprise.'],
  ['the license has lapsed', { license: licenseOf('pro', { state: 'expired' }) }, 'expired', 'Renew it to use “reports.export”.'],
  ['the license is suspended', { license: licenseOf('pro', { state: 'suspended' }) }, 'suspended', 'Your plan is suspended'],
  [
    'the risk is critical',
    { ...MEMBER, risk: 'critical' },
    'deny',
    '“reports.export” isn’t available to you now. Something about this sign-in is unusual.',
  ],
  ['the service cannot be reached', { network: 'down' }, 'unreachable', 'We’ll keep trying.'],
]

test.each(cards)('if %s a card says so', async (_, given, kind, text) => {
  const { container } = open(gate, { given })
  await waitFor(() => expect(container.querySelector(`[data-stile-card="${kind}"]`)?.textContent).toContain(text))
  isClosed()
})

test('threat: a typo opens a gate: a feature that the service does not know denies', async () => {
  const { container } = open(
    ['reports.exprot', 'constructor', '__proto__'].map((name) => (
      <StepUpGate key={name} feature={name as FeatureName}>
        <Secret />
      </StepUpGate>
    )),
    { given: { ...MEMBER, license: licenseOf('enterprise') } },
  )
  await waitFor(() => expect(container.querySelectorAll('[data-stile-card="deny"]')).toHaveLength(3))
  isClosed()
})

test('after an error the button tries again', async () => {
  const { service, user } = open(gate, { given: { ...MEMBER, network: 'down' } })
  const again = await screen.findByRole('button', { name: 'Try again' })
  service.given({ network: 'up', ...proofNow(service) })
  await user.click(again)
  await content()
})

test('cancelling says so, loses nothing and leaves the focus on the button', async () => {
  const { user } = open(
    <form>
      <input aria-label="Draft" />
      {gate}
    </form>,
  )
  const button = await confirm()
  await user.type(screen.getByLabelText('Draft'), 'half a sentence')
  await user.click(button)
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  await screen.findByText('Not confirmed yet. Nothing has changed.')
  expect(screen.getByLabelText<HTMLInputElement>('Draft').value).toBe('half a sentence')
  expect(await confirm()).toBe(button)
  expect(button.getAttribute('aria-disabled')).toBe('false')
})

test('while the ceremony is under way the button keeps the focus', async () => {
  const { service, user } = open(gate)
  const button = await confirm()
  service.given({ network: 'slow' })
  await user.click(button)
  await waitFor(() => expect(button.getAttribute('aria-disabled')).toBe('true'))
  expect(document.activeElement).toBe(button)
  expect(button.hasAttribute('disabled')).toBe(false)
})

test('a second click begins nothing more, not even if a step-up is never shared', async () => {
  const { arrived, user } = open(paying('10'))
  const button = await confirm()
  await user.click(button)
  await screen.findByLabelText(/6-digit code/)
  await user.click(button)
  await user.click(screen.getByRole('button', { name: 'Cancel' }))
  await screen.findByText('Not confirmed yet. Nothing has changed.')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(arrived.filter((each) => each === 'POST /v1/step-ups')).toHaveLength(1)
})

test('age alone never takes away what is shown, but a gate that is mounted again asks again', async () => {
  const { client, service, show } = open(gate)
  act(() => service.given(proofNow(service)))
  const shown = await content()
  act(() => service.advance(16 * 60))
  await waitFor(() => expect(outcomeOf(client, 'reports.export')).toBe('step_up'))
  expect(await content()).toBe(shown)
  show(null)
  show(gate)
  await confirm()
  isClosed()
})

/** A member who could meet whatever is asked. */
const BOTH = { ...MEMBER, authenticators: [authenticatorOf('totp'), authenticatorOf('passkey')] }

const losses: readonly [what: string, change: (now: number) => Partial<World>][] = [
  ['a downgrade', () => ({ license: licenseOf('basic', { epoch: 2 }) })],
  ['a suspension', () => ({ license: licenseOf('enterprise', { epoch: 2, state: 'suspended' }) })],
  ['a raised risk', () => ({ risk: 'high' })],
  ['a critical risk', () => ({ risk: 'critical' })],
  ['a proof that is lost', () => ({ proofs: [] })],
]

test.each(losses)('threat: content outlives the right to it: %s takes it away at once, stale or not', async (_, change) => {
  for (const age of [0, 16 * 60]) {
    const { service, unmount } = open(gate, { given: BOTH })
    act(() => service.given(proofNow(service)))
    await content()
    service.clock.advance(age)
    act(() => service.given(change(service.clock.now())))
    await waitFor(isClosed)
    unmount()
  }
})

test('threat: the next person sees what the former one had opened: another subject or account closes a stale gate', async () => {
  for (const change of [{ subject: 'test|other' }, { account: 'other' }]) {
    const { service, unmount } = open(gate)
    act(() => service.given(proofNow(service)))
    await content()
    service.clock.advance(16 * 60)
    act(() => service.given(change))
    await waitFor(isClosed)
    unmount()
  }
})

test('threat: one open feature opens the next: the same gate with another, stale feature closes', async () => {
  const rules = definePolicy({
    format: 1,
    features: {
      'reports.view': { requires: { level: 'mfa', maxAge: '12h' } },
      'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    },
    tiers: { enterprise: { features: ['reports.view', 'reports.export'] } },
  })
  const of = (feature: FeatureName) => (
    <StepUpGate feature={feature}>
      <Secret />
    </StepUpGate>
  )
  const { client, service, show } = open(of('reports.view'), { policy: rules })
  act(() => service.given(proofNow(service)))
  await content()
  act(() => service.advance(16 * 60))
  await waitFor(() => expect(outcomeOf(client, 'reports.export')).toBe('step_up'))
  await content()
  show(of('reports.export'))
  isClosed()
  await confirm()
})

const paying = (amount: string) => (
  <StepUpGate feature="payouts.approve" operation={{ amount }}>
    <Secret />
  </StepUpGate>
)

test('threat: a proof for one operation opens another: the gate closes again when the operation changes', async () => {
  const { user, show } = open(paying('10'))
  await user.click(await confirm())
  await typeCode(user)
  await content()
  show(paying('1000000'))
  isClosed()
  await confirm()
  show(paying('10'))
  await content()
})

test('threat: a risk rises after a bound proof: what it asks for more closes the gate', async () => {
  const { service, user } = open(paying('10'), { given: BOTH })
  await user.click(await confirm())
  await typeCode(user)
  await content()
  act(() => service.given({ risk: 'high' }))
  await waitFor(isClosed)
})

test('threat: enrolling counts as approving: a gate that binds an operation still asks for its proof', async () => {
  const { container, service, user } = open(paying('10'), { given: { license: licenseOf('enterprise') } })
  await user.click(await screen.findByRole('button', { name: 'Set it up' }))
  await user.click(await screen.findByRole('button', { name: 'Add an authenticator app' }))
  await typeCode(user)
  await user.click(await screen.findByRole('button', { name: 'Save' }))
  await user.click(await screen.findByRole('button', { name: 'Not now' }))
  // the prompt for it follows
  await screen.findByText('Confirm it’s you', { selector: 'h2' })
  isClosed()
  // the code of the enrolment is used up
  act(() => service.given({ code: '654321' }))
  await typeCode(user, '654321')
  await content()
  expect(container.querySelector('[data-stile-card]')).toBeNull()
})

test('enrolling opens a gate that needed nothing but an authenticator', async () => {
  const { user } = open(gate, { given: { license: licenseOf('pro') } })
  await user.click(await screen.findByRole('button', { name: 'Set it up' }))
  await user.click(await screen.findByRole('button', { name: 'Add an authenticator app' }))
  await typeCode(user)
  await user.click(await screen.findByRole('button', { name: 'Save' }))
  await content()
})

test('leaving enrolment says that nothing changed', async () => {
  const { user } = open(gate, { given: { license: licenseOf('pro') } })
  await user.click(await screen.findByRole('button', { name: 'Set it up' }))
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  await screen.findByText('Not confirmed yet. Nothing has changed.')
})

test('a step-up that cannot succeed says so', async () => {
  const { service, user } = open(gate)
  const button = await confirm()
  service.given({ license: licenseOf('basic') })
  await user.click(button)
  await waitFor(() => expect(document.querySelector('[data-stile-card="upgrade"]') ?? openDialog()).not.toBeNull())
  isClosed()
})

test('names and sentences are the application’s if it gives them', async () => {
  const { container, service, user } = open(gate, {
    labels: { 'reports.export': 'Export reports', pro: 'Plus', enterprise: 'Max' },
    texts: {
      step_up: { title: 'Kurz bestätigen', body: 'Nötig für: {feature}', button: 'Weiter' },
      deny: { title: 'Gesperrt', body: 'Bitte wenden Sie sich an uns.' },
    },
  })
  const card = () => container.querySelector('[data-stile-card]')
  await waitFor(() => expect(card()?.textContent).toBe('Kurz bestätigenNötig für: Export reportsWeiter'))
  await user.click(screen.getByRole('button', { name: 'Weiter' }))
  await screen.findByText(/^To continue: Export reports/)
  act(() => service.given({ license: licenseOf('basic') }))
  await waitFor(() => expect(card()?.textContent).toContain('“Export reports” is in Plus and Max.'))
  act(() => service.given({ risk: 'critical', license: licenseOf('pro') }))
  await waitFor(() => expect(card()?.textContent).toBe('GesperrtBitte wenden Sie sich an uns.'))
})

test('the gate’s own label goes first, and a label is never read as a pattern', async () => {
  const { container } = open(<StepUpGate feature="reports.export" label="$& {tier}" />, { labels: { 'reports.export': 'Export' } })
  await waitFor(() => expect(container.textContent).toContain('To continue to “$& {tier}”'))
})

test('an application shows its own paywall, sign of waiting and error', async () => {
  const own = (
    <StepUpGate feature="reports.export" fallback={<p>buy me</p>} loading={<p>hold on</p>} error={<p>oh no</p>}>
      <Secret />
    </StepUpGate>
  )
  const { service } = open(own, { given: { license: licenseOf('basic') } })
  expect(screen.getByText('hold on')).toBeTruthy()
  await screen.findByText('buy me')
  act(() => service.given({ license: licenseOf('pro', { state: 'suspended' }) }))
  await screen.findByText('Your plan is suspended')
  open(own, { given: { network: 'down' } })
  await screen.findByText('oh no')
})
