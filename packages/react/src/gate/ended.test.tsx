import { createStile } from '@stile/browser'
import { problem } from '@stile/protocol'
import { cleanup, render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { StileProvider } from '../provider/stile-provider.tsx'
import { StepUpGate } from './step-up-gate.tsx'

afterEach(cleanup)

/** A page whose session has ended; the service says so of everything but a sign-in at the login provider, if there is one. */
function openEnded(hasProvider: boolean) {
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
      if (hasProvider && feature === 'stile:session')
        return Response.json({ ...stepUp, methods: [{ method: 'relogin', hint: 'idp.test' }] }, { status: 201 })
      const body = problem('session_ended', String(input), hasProvider ? { next: { methods: ['relogin'] } } : {})
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
  const { features, user } = openEnded(true)
  await user.click(await screen.findByRole('button', { name: 'Sign in again' }))
  await screen.findByText('Sign in again at idp.test')
  expect(features).toContain('stile:session')
  expect(screen.queryByText('every account number')).toBeNull()
})

test('if it cannot begin again here, the card is the one for errors', async () => {
  openEnded(false)
  await screen.findByText('Your access could not be checked')
  expect(screen.queryByRole('button', { name: 'Sign in again' })).toBeNull()
})
