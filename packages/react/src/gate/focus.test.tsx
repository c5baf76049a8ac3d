import { licenseOf } from '@stile/testing'
import { act, screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import { MEMBER, open, proofNow, typeCode } from '../page.test-support.ts'
import { StepUpGate } from './step-up-gate.tsx'
import { TierGuard } from './tier-guard.tsx'

const LABELS = { 'reports.export': 'Export reports' }
const gate = (
  <StepUpGate feature="reports.export">
    <p>every account number</p>
  </StepUpGate>
)
const guard = (
  <TierGuard tier="pro">
    <h2>Charts</h2>
    <button type="button">Next month</button>
  </TierGuard>
)

test('after a proof the focus is on a group that is called by what has opened', async () => {
  const { user } = open(gate, { labels: LABELS })
  await user.click(await screen.findByRole('button', { name: 'Confirm and continue' }))
  await typeCode(user)
  const group = await screen.findByRole('group', { name: 'Export reports' })
  await waitFor(() => expect(document.activeElement).toBe(group))
})

test('if a card with the focus gives way to a card without a button, the focus is on the new card', async () => {
  const { service } = open(gate, { labels: LABELS })
  ;(await screen.findByRole('button', { name: 'Confirm and continue' })).focus()
  act(() => service.given({ risk: 'critical' }))
  const card = await screen.findByRole('group', { name: 'Not available to you' })
  await waitFor(() => expect(document.activeElement).toBe(card))
})

test('if a card with the focus gives way to a card with a button, the focus is on its button', async () => {
  const { service } = open(gate, { labels: LABELS })
  ;(await screen.findByRole('button', { name: 'Confirm and continue' })).focus()
  act(() => service.given({ authenticators: [] }))
  const next = await screen.findByRole('button', { name: 'Set it up' })
  await waitFor(() => expect(document.activeElement).toBe(next))
})

test('if the card changes while the prompt is open, the focus is on the new card once the prompt is closed', async () => {
  const { service, user } = open(gate, { labels: LABELS })
  await user.click(await screen.findByRole('button', { name: 'Confirm and continue' }))
  await screen.findByLabelText(/6-digit code/)
  act(() => service.given({ risk: 'critical' }))
  const card = await screen.findByRole('group', { name: 'Not available to you' })
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  await waitFor(() => expect(document.activeElement).toBe(card))
})

test('if a gate opens after “Try again”, the focus is on what has opened', async () => {
  const { service, user } = open(gate, { given: { ...MEMBER, network: 'down' }, labels: LABELS })
  const again = await screen.findByRole('button', { name: 'Try again' })
  service.given({ network: 'up', ...proofNow(service) })
  await user.click(again)
  const group = await screen.findByRole('group', { name: 'Export reports' })
  await waitFor(() => expect(document.activeElement).toBe(group))
})

test('if a guard opens after “Try again”, the focus is on the first thing in it', async () => {
  const { service, user } = open(guard, { given: { network: 'down' } })
  const again = await screen.findByRole('button', { name: 'Try again' })
  service.given({ network: 'up', license: licenseOf('pro') })
  await user.click(again)
  await screen.findByText('Charts')
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Charts' })))
})

test('if open content with the focus is taken away, the focus is on the card in its place, and not on that of another gate', async () => {
  const { service } = open(
    <>
      <StepUpGate feature="payouts.approve">payouts</StepUpGate>
      <StepUpGate feature="reports.export">
        <input aria-label="Note" />
      </StepUpGate>
    </>,
    { labels: LABELS, given: { ...MEMBER, license: licenseOf('pro') } },
  )
  await screen.findAllByRole('group')
  act(() => service.given(proofNow(service)))
  ;(await screen.findByLabelText('Note')).focus()
  act(() => service.given({ risk: 'critical' }))
  await waitFor(() => expect(screen.queryByLabelText('Note')).toBeNull())
  const cards = await screen.findAllByRole('group')
  await waitFor(() => expect(document.activeElement).toBe(cards.at(-1)))
})

test('a card that changes without the focus takes none', async () => {
  const { service } = open(
    <>
      <input aria-label="Search" />
      {gate}
    </>,
  )
  await screen.findByRole('button', { name: 'Confirm and continue' })
  screen.getByLabelText('Search').focus()
  act(() => service.given({ risk: 'critical' }))
  await screen.findByRole('group', { name: 'Not available to you' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(document.activeElement).toBe(screen.getByLabelText('Search'))
})
