import { createStile } from '@stile/browser'
import { problem } from '@stile/protocol'
import { cleanup, render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import '../page.test-support.ts'
import { StileProvider } from '../provider/stile-provider.tsx'
import { StepUpGate } from './step-up-gate.tsx'

afterEach(cleanup)

/** A page whose session has ended; the service says so of everything but a sign-in at the login provider. */
function openEnded() {
  const features: string[] = []
  const stepUp = {
    id: 'su_1',
    feature: 'stile:session',
    requirement: { level: 'session' },
    expiresAt: 9e9,
    status: 'open',
    attemptsLeft: 5,
  }
  const client = createStile({
    service: 'https://id.test',
    audiences: { api: ['https://api.test'] },
    session: async () => 'a token',
    fetch: async (input, init) => {
      const { feature } = init?.body ? JSON.parse(String(init.body)) : {}
      if (feature !== undefined) features.push(feature)
      if (feature === 'stile:session')
        return Response.json({ ...stepUp, methods: [{ method: 'relogin', hint: 'idp.test' }] }, { status: 201 })
      const body = problem('session_ended', String(input), { next: { methods: ['relogin'] } })
      return Response.json(body, { status: 401, headers: { 'www-authenticate': 'DPoP error="invalid_token"' } })
    },
  })
  onTestFinished(client.close)
  render(
    <StileProvider client={client}>
      <StepUpGate feature="reports.export">every account number</StepUpGate>
    </StileProvider>,
  )
  return { features, user: userEvent.setup() }
}

test('if the session has ended, the card offers to sign in again, and the dialog says where', async () => {
  const { features, user } = openEnded()
  await user.click(await screen.findByRole('button', { name: 'Sign in again' }))
  await screen.findByText('Sign in again at idp.test')
  expect(features).toContain('stile:session')
  expect(screen.queryByText('every account number')).toBeNull()
})
