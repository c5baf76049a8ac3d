import { screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { expect, test } from 'vitest'
import { StepUpGate } from '../gate/step-up-gate.tsx'
import { MEMBER, open, outcomeOf, typeCode } from '../page.test-support.ts'
import { useRecovery } from './use-recovery.ts'

const CODE = '0123-4567-89AB-CDEF'

function Fallback() {
  const { status, makeCodes, recover } = useRecovery()
  const [ended, setEnded] = useState<boolean>()
  return (
    <>
      <p>Left: {`${status?.codesLeft}`}</p>
      <p>Ended: {`${ended}`}</p>
      <button type="button" onClick={async () => setEnded(await makeCodes())}>
        Make codes
      </button>
      <button type="button" onClick={async () => setEnded(await recover())}>
        Get back in
      </button>
    </>
  )
}

test('useRecovery tells how many codes are left, and makes and shows new ones', async () => {
  const { service, user } = open(<Fallback />)
  await screen.findByText('Left: 0')
  await user.click(screen.getByText('Make codes'))
  await user.click(await screen.findByRole('button', { name: 'Make recovery codes' }))
  await screen.findByLabelText(/6-digit code/)
  screen.getByText(/^Make new recovery codes\./)
  await typeCode(user)
  await screen.findByRole('heading', { name: 'Your recovery codes' })
  for (const code of service.world().recoveryCodes) screen.getByText(code)
  await user.click(screen.getByLabelText('I’ve put them in a safe place'))
  await user.click(screen.getByRole('button', { name: 'I’ve saved them' }))
  await screen.findByText('Ended: true')
  await screen.findByText('Left: 10')
})

test('useRecovery leads back in: a code, then something new is enrolled', async () => {
  const { service, user } = open(<Fallback />, { given: { ...MEMBER, recoveryCodes: [CODE, 'another'] } })
  await screen.findByText('Left: 2')
  await user.click(screen.getByText('Get back in'))
  await user.type(await screen.findByLabelText('Recovery code'), `${CODE}{Enter}`)
  await user.click(await screen.findByRole('button', { name: 'Add an authenticator app' }))
  await typeCode(user)
  await user.click(await screen.findByRole('button', { name: 'Save' }))
  await screen.findByText('Ended: true')
  await screen.findByText('Left: 1')
  expect(service.world().authenticators).toHaveLength(2)
})

test('without the dialog nothing can be recovered by it', async () => {
  const { user } = open(<Fallback />, { dialog: false })
  await user.click(screen.getByText('Get back in'))
  await screen.findByText('Ended: false')
})

test('a gate that needs a passkey offers no authenticator app: it would lead back to the same card', async () => {
  const { client, user } = open(
    <StepUpGate feature="payouts.approve" operation={{ amount: '10' }}>
      Approve
    </StepUpGate>,
    { given: { ...MEMBER, authenticators: [], risk: 'high' } },
  )
  await waitFor(() => expect(outcomeOf(client, 'payouts.approve')).toBe('enroll'))
  await user.click(await screen.findByRole('button', { name: 'Set it up' }))
  await screen.findByRole('button', { name: 'Add a passkey' })
  expect(screen.queryByRole('button', { name: 'Add an authenticator app' })).toBeNull()
})
