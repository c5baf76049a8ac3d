import { screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import { StepUpGate } from './index.ts'
import { open, typeCode } from './page.test-support.ts'

const gate = <StepUpGate feature="reports.export">account numbers</StepUpGate>
const dialogs = () => document.querySelectorAll('stile-dialog')

test('mounted twice by React’s strict mode there is one dialog, one stream and one step-up', async () => {
  const { arrived, user } = open(gate, { strict: true })
  await user.click(await screen.findByRole('button', { name: 'Confirm and continue' }))
  await typeCode(user)
  await screen.findByText('account numbers')
  expect(dialogs()).toHaveLength(1)
  const count = (route: string) => arrived.filter((each) => each === route).length
  expect(count('GET /v1/events')).toBe(1)
  expect(count('POST /v1/step-ups')).toBe(1)
})

test('unmounting takes the dialog away and ends the step-up that it showed', async () => {
  const { client, user, unmount } = open(gate, { strict: true })
  await user.click(await screen.findByRole('button', { name: 'Confirm and continue' }))
  await screen.findByLabelText(/6-digit code/)
  const { done } = client.stepUp('reports.export')
  unmount()
  await expect(done).rejects.toMatchObject({ code: 'step_up_cancelled' })
  await waitFor(() => expect(dialogs()).toHaveLength(0))
})

test('a page that is gone before the dialog is loaded keeps none', async () => {
  const { unmount } = open(gate)
  unmount()
  await import('./provider/mount.ts')
  await new Promise((resolve) => setTimeout(resolve))
  expect(dialogs()).toHaveLength(0)
})
