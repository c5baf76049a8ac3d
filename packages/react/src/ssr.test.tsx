// @vitest-environment node
import { PassThrough } from 'node:stream'
import { createStile } from '@stile/browser'
import { createTestService, licenseOf } from '@stile/testing'
import { type ReactElement, Suspense } from 'react'
import { renderToPipeableStream, renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import { StepUpGate, StileProvider, TierGuard } from './index.ts'
import { policy } from './policy.test-support.ts'

const secret = vi.fn(() => <p>every account number</p>)
const Secret = () => secret()

function page(): ReactElement {
  const service = createTestService({ policy, given: { license: licenseOf('enterprise') } })
  const client = createStile({
    service: service.url,
    session: service.session,
    audiences: { api: ['https://api.test'] },
    fetch: service.fetch,
  })
  return (
    <StileProvider client={client}>
      <Suspense fallback="…">
        <StepUpGate feature="reports.export">
          <Secret />
        </StepUpGate>
        <StepUpGate feature="reports.view">
          <Secret />
        </StepUpGate>
        <TierGuard tier="basic">
          <Secret />
        </TierGuard>
      </Suspense>
    </StileProvider>
  )
}

test('threat: premium content stands in the page source: a server renders no children, and does not even run them', () => {
  secret.mockClear()
  const html = renderToString(page())
  expect(html).not.toContain('account number')
  expect(html.match(/Loading…/g)).toHaveLength(3)
  expect(secret).not.toHaveBeenCalled()
})

test('threat: premium content stands in a streamed page: nothing of it is ever sent', async () => {
  secret.mockClear()
  const sink = new PassThrough()
  const { pipe } = renderToPipeableStream(page(), { onAllReady: () => pipe(sink) })
  let html = ''
  for await (const chunk of sink) html += chunk
  expect(html).toContain('Loading…')
  expect(html).not.toContain('account number')
  expect(secret).not.toHaveBeenCalled()
})
