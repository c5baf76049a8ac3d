import { authenticatorOf } from '@stile/testing'
import { act, render, screen, waitFor } from '@testing-library/react'
import { useEffect } from 'react'
import { expect, test } from 'vitest'
import { StepUpGate } from '../gate/step-up-gate.tsx'
import { useRecovery } from '../hooks/use-recovery.ts'
import { connect, MEMBER, open, typeCode } from '../page.test-support.ts'
import { StileProvider } from './stile-provider.tsx'

/** The page that a recovery link leads to. */
function Link() {
  const { recover } = useRecovery()
  useEffect(() => void recover('link'), [recover])
  return null
}

test('recovery may be begun at once, in the effect of a page', async () => {
  open(<Link />)
  await screen.findByText('Recover your account')
})

test('the dialog names who is signed in now, not who was when the page was drawn', async () => {
  const { client } = connect()
  const page = (user: string) => (
    <StileProvider client={client} dialog={{ user }}>
      page
    </StileProvider>
  )
  const { rerender } = render(page('ada@example.com'))
  await waitFor(() => expect(document.querySelector('stile-dialog')).not.toBeNull())
  rerender(page('bob@example.com'))
  client.stepUp('reports.export')
  await screen.findByText(/Signed in as bob@example.com/)
})

test('how a prompt ended is told to nobody after signing out', async () => {
  const { client, user } = open(<StepUpGate feature="reports.export">export</StepUpGate>)
  await user.click(await screen.findByRole('button', { name: 'Confirm and continue' }))
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  await screen.findByText('Not confirmed yet. Nothing has changed.')
  await act(() => client.logout())
  await act(() => client.refresh())
  await screen.findByRole('button', { name: 'Confirm and continue' })
  expect(screen.queryByText('Not confirmed yet. Nothing has changed.')).toBeNull()
})

test('threat: a bound operation that one person has confirmed opens for the same one again, after signing out and somebody else', async () => {
  const { service, client, user } = open(
    <StepUpGate feature="payouts.approve" operation={{ amount: '9' }}>
      transfer
    </StepUpGate>,
    { given: { ...MEMBER, authenticators: [authenticatorOf('totp')] } },
  )
  await user.click(await screen.findByRole('button', { name: 'Confirm and continue' }))
  await typeCode(user)
  await screen.findByText('transfer')
  await act(() => client.logout())
  expect(screen.queryByText('transfer')).toBeNull()
  await act(() => client.refresh())
  await screen.findByRole('button', { name: 'Confirm and continue' })
  expect(screen.queryByText('transfer')).toBeNull()
  expect(service.world().signedIn).toBe(true)
})
