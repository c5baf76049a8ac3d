import { render } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { connect } from '../page.test-support.ts'
import { StileProvider } from './stile-provider.tsx'

// the file of the dialog never comes
vi.mock('./mount.ts', () => new Promise(() => {}))

test('a page that is left before its dialog is loaded settles what was asked for', async () => {
  const { client } = connect()
  const { unmount } = render(<StileProvider client={client}>page</StileProvider>)
  const { done } = client.stepUp('reports.export')
  await Promise.resolve()
  unmount()
  await expect(done).rejects.toMatchObject({ code: 'step_up_cancelled' })
})
