// a test of the product: @stile/react runs it as it stands here
import { createStile } from '@stile/browser'
import { definePolicy } from '@stile/policy'
import { StepUpGate, StileProvider } from '@stile/react'
import { authenticatorOf, createTestService, licenseOf } from '@stile/testing'
import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'

const policy = definePolicy({
  format: 1,
  features: { 'reports.export': { requires: { level: 'mfa', maxAge: '15m' } } },
  tiers: { basic: { features: [] }, pro: { extends: 'basic', features: ['reports.export'] } },
})

// needed unless Vitest's `globals` are on
afterEach(cleanup)

test('exporting asks for the code first, and a downgrade takes it away', async () => {
  const service = createTestService({
    policy,
    given: { license: licenseOf('pro'), authenticators: [authenticatorOf('totp')] },
  })
  const client = createStile({
    service: service.url,
    session: service.session,
    fetch: service.fetch,
    audiences: { api: ['https://api.example.com'] },
  })
  render(
    <StileProvider client={client} dialog={false}>
      <StepUpGate feature="reports.export">Your export</StepUpGate>
    </StileProvider>,
  )
  client.onStepUp((flow) => flow.subscribe(() => flow.get().status === 'proving' && flow.submit({ code: '123456' })))

  const button = await screen.findByRole('button', { name: 'Confirm and continue' })
  expect(screen.queryByText('Your export')).toBeNull()
  button.click()
  await screen.findByText('Your export')

  service.given({ license: licenseOf('basic', { epoch: 2 }) })
  await screen.findByText('Not part of your plan')
  client.close()
})
