import { render, screen, waitFor } from '@testing-library/react'
import type { ReactElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import { StepUpGate, StileProvider, TierGuard } from './index.ts'
import { connect, proofNow } from './page.test-support.ts'

test('the first render in the browser agrees with the server’s, even if the answer is known already, and then opens', async () => {
  const { client, service } = connect()
  service.given(proofNow(service))
  const app: ReactElement = (
    <StileProvider client={client}>
      <StepUpGate feature="reports.export">account numbers</StepUpGate>
      <TierGuard tier="pro">charts</TierGuard>
    </StileProvider>
  )
  const root = document.body.appendChild(document.createElement('div'))
  root.innerHTML = renderToString(app)
  expect(root.textContent).toBe('Loading…Loading…')

  client.subscribe(() => {})
  await waitFor(() => expect(client.get().status).toBe('ready'))
  const complaints = vi.spyOn(console, 'error')
  const recovered = vi.fn()
  render(app, { container: root, hydrate: true, onRecoverableError: recovered })
  await screen.findByText('account numbers')
  expect(root.textContent).toBe('account numberscharts')
  expect(recovered).not.toHaveBeenCalled()
  expect(complaints).not.toHaveBeenCalled()
})
