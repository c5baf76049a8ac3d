import { createStile } from '@stile/browser'
import { type Problem, problem } from '@stile/protocol'
import { licenseOf } from '@stile/testing'
import { act, render, screen, waitFor } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { CardSlots, CardView } from '../context/slots.ts'
import { StepUpGate } from '../gate/step-up-gate.tsx'
import { TierGuard } from '../gate/tier-guard.tsx'
import { open, typeCode } from '../page.test-support.ts'
import { StileProvider } from '../provider/stile-provider.tsx'

const gate = <StepUpGate feature="reports.export">every account number</StepUpGate>
const content = () => screen.findByText('every account number')

/** A design system's own card. */
const own = (view: CardView) => (
  <section data-testid={view.kind}>
    <b>{view.title}</b>
    {view.act && (
      <button type="button" disabled={view.busy} onClick={view.act}>
        Go: {view.button}
      </button>
    )}
    <output>{view.status}</output>
  </section>
)
const SLOTS: CardSlots = { stepUp: own, enroll: own, upgrade: own, deny: own, error: own, loading: () => <p>hold on</p> }

test('an application’s own card in place of ours starts the same ceremony, and learns how it ended', async () => {
  const { user } = open(gate, { slots: SLOTS })
  expect(screen.getByText('hold on')).toBeTruthy()
  const go = await screen.findByRole('button', { name: 'Go: Confirm and continue' })
  await user.click(go)
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  await screen.findByText('Not confirmed yet. Nothing has changed.')
  await user.click(go)
  await typeCode(user)
  await content()
  expect(document.querySelector('[data-stile-card]')).toBeNull()
})

test('every kind of card has its slot, with the decision that closed the gate', async () => {
  const seen: CardView[] = []
  const show = (view: CardView) => {
    seen.push(view)
    return own(view)
  }
  const slots = { stepUp: show, enroll: show, upgrade: show, deny: show, error: show }
  const { service } = open(gate, { slots, given: { license: licenseOf('pro') } })
  await screen.findByTestId('enroll')
  act(() => service.given({ license: licenseOf('basic') }))
  await screen.findByTestId('upgrade')
  expect(seen.at(-1)?.decision).toMatchObject({ outcome: 'upgrade', next: { tiers: ['pro', 'enterprise'] } })
  act(() => service.given({ license: licenseOf('pro', { epoch: 2 }), risk: 'critical' }))
  await screen.findByTestId('deny')
  expect(seen.at(-1)?.decision?.reasons.at(-1)?.code).toBe('risk_denied')
})

test('the gate’s own slot goes before the provider’s', async () => {
  open(
    <StepUpGate feature="reports.export" slots={{ stepUp: () => <p>mine</p> }}>
      x
    </StepUpGate>,
    { slots: SLOTS },
  )
  await screen.findByText('mine')
})

test('the upgrade card leads where the application says: to a link, or to what is called with the feature and the tiers', async () => {
  const basic = { license: licenseOf('basic') }
  const { unmount } = open(gate, { onUpgrade: '/plans', given: basic })
  expect((await screen.findByRole('link', { name: 'See plans' })).getAttribute('href')).toBe('/plans')
  unmount()
  const onUpgrade = vi.fn()
  const { user } = open(
    <>
      {gate}
      <TierGuard tier="enterprise">x</TierGuard>
    </>,
    { onUpgrade, given: basic },
  )
  for (const each of await screen.findAllByRole('button', { name: 'See plans' })) await user.click(each)
  expect(onUpgrade.mock.calls).toEqual([[{ feature: 'reports.export', tiers: ['pro', 'enterprise'] }], [{ tiers: ['enterprise'] }]])
})

test('without a way to it the upgrade card has no button', async () => {
  open(gate, { given: { license: licenseOf('basic') } })
  await screen.findByText('“reports.export” is in pro and enterprise.')
  expect(screen.queryByRole('button')).toBeNull()
})

test.each([
  ['suspended', 'Your plan is suspended'],
  ['expired', 'Your plan has ended'],
  ['canceled', 'Your plan has ended'],
] as const)('a customer whose plan is %s is not told to buy what they have', async (state, title) => {
  open(
    <TierGuard tier="pro" fallback={state === 'suspended' ? <p>buy me</p> : undefined}>
      x
    </TierGuard>,
    { given: { license: licenseOf('pro', { state }) } },
  )
  await screen.findByRole('heading', { name: title })
  expect(screen.queryByText('buy me')).toBeNull()
})

test('the title of a card is a heading of the level that the page gives it', async () => {
  open(gate, { headingLevel: 2 })
  await screen.findByRole('heading', { level: 2, name: 'Confirm it’s you' })
})

/** A page whose service answers everything like this. */
function openRefused(refusal: Problem | undefined) {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const client = createStile({
    service: 'https://id.test',
    audiences: { api: ['https://api.test'] },
    session: async () => (refusal ? 'a token' : Promise.reject(new Error('signed out'))),
    fetch: async () => Response.json(refusal, { status: refusal?.status ?? 500 }),
  })
  onTestFinished(client.close)
  const seen: CardView[] = []
  const slots: CardSlots = {
    error: (view) => {
      seen.push(view)
      return <h3>{view.title}</h3>
    },
  }
  render(
    <StileProvider client={client} slots={slots}>
      {gate}
    </StileProvider>,
  )
  return seen
}

test.each([
  ['nobody is signed in', undefined, 'signed_out', true],
  ['the service does not know this page', problem('origin_not_allowed', 'List it.'), 'misconfigured', false],
  ['the service does not take the token', problem('unauthenticated', 'No issuer.'), 'misconfigured', false],
  ['the service is away', problem('service_unavailable', 'Later.'), 'unreachable', true],
  ['the service refuses', problem('denied', 'No.'), 'refused', false],
] as const)('if %s the card says so, and offers to try again only if that can help', async (_, refusal, kind, canRetry) => {
  const seen = openRefused(refusal)
  await waitFor(() => expect(seen.at(-1)).toMatchObject({ kind }))
  expect(seen.at(-1)?.act !== undefined).toBe(canRetry)
  expect(seen.at(-1)?.problem?.detail).toBe(refusal?.detail)
})
