import { licenseOf } from '@stile/testing'
import { act, screen, waitFor } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { open } from '../page.test-support.ts'
import type { TierName } from '../register.ts'
import { TierGuard } from './tier-guard.tsx'

const rendered = vi.fn(() => <p>charts of the pro plan</p>)
const Charts = () => rendered()
const guard = (
  <TierGuard tier="pro">
    <Charts />
  </TierGuard>
)
const isClosed = () => expect(screen.queryByText('charts of the pro plan')).toBeNull()

test('a license opens its own tier and every tier that it includes', async () => {
  const { service } = open(guard, { given: { license: licenseOf('pro') } })
  await screen.findByText('charts of the pro plan')
  act(() => service.given({ license: licenseOf('enterprise', { epoch: 2 }) }))
  await screen.findByText('charts of the pro plan')
})

test('threat: content of a dearer plan runs anyway: nothing is mounted below it, before and after the license is known', async () => {
  rendered.mockClear()
  open(guard, { given: { license: licenseOf('basic') } })
  expect(screen.getByText('Loading…')).toBeTruthy()
  await screen.findByText('“This” is in pro.')
  isClosed()
  expect(rendered).not.toHaveBeenCalled()
})

test.each([
  ['a downgrade', { license: licenseOf('basic', { epoch: 2 }) }],
  ['a suspension', { license: licenseOf('pro', { epoch: 2, state: 'suspended' as const }) }],
  ['a license that is gone', { license: null }],
])('threat: content outlives the plan: %s takes it away at once', async (_, change) => {
  const { service } = open(guard, { given: { license: licenseOf('pro') } })
  await screen.findByText('charts of the pro plan')
  act(() => service.given(change))
  await waitFor(isClosed)
})

test('threat: a typo opens a guard: an unknown tier stays closed', async () => {
  open(
    <TierGuard tier={'prp' as TierName} label="Pro">
      <Charts />
    </TierGuard>,
    { given: { license: licenseOf('enterprise') } },
  )
  await screen.findByText('“This” is in Pro.')
  isClosed()
})

test('an error is said with a button to try again', async () => {
  const { service, user } = open(guard, { given: { network: 'down' } })
  const again = await screen.findByRole('button', { name: 'Try again' })
  service.given({ network: 'up', license: licenseOf('pro') })
  await user.click(again)
  await screen.findByText('charts of the pro plan')
})

test('names and sentences are the application’s if it gives them', async () => {
  open(guard, {
    given: { license: licenseOf('basic') },
    labels: { pro: 'Plus' },
    texts: { this: 'Dies', upgrade: { title: 'Mehr', body: '{feature} gibt es mit {tier}.' } },
  })
  await screen.findByText('Dies gibt es mit Plus.')
})

test('an application shows its own paywall, sign of waiting and error', async () => {
  const own = (
    <TierGuard tier="pro" fallback={<p>buy me</p>} loading={<p>hold on</p>} error={<p>oh no</p>}>
      <Charts />
    </TierGuard>
  )
  open(own, { given: { license: null } })
  expect(screen.getByText('hold on')).toBeTruthy()
  await screen.findByText('buy me')
  open(own, { given: { network: 'down' } })
  await screen.findByText('oh no')
})
