import type { FormEvent, ReactElement } from 'react'
import { screen, userEvent } from 'storybook/test'
import { useFeature, useStepUp } from './index.ts'
import source from './own-dialog.stories.tsx?raw'
import { click, codeOf, inWorld, type Meta, type StoryObj } from './stories.test-support.tsx'

/** A step-up that the application shows itself: `start({ headless: true })` keeps the dialog closed, and `state` says what to show. */
function OwnPrompt(): ReactElement {
  const { state, flow, start } = useStepUp('reports.export')
  const feature = useFeature('reports.export')
  if (feature.status === 'permit') return <p>The export is ready.</p>
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    flow?.submit({ code: String(new FormData(event.currentTarget).get('code')) })
  }
  switch (state.status) {
    case 'idle':
    case 'cancelled':
    case 'failed':
      return (
        <p>
          {state.status === 'failed' && `That did not work (${state.code}). `}
          <button type="button" onClick={() => void start({ headless: true }).catch(() => {})}>
            Export
          </button>
        </p>
      )
    case 'choosing':
    case 'proving':
    case 'verifying':
      return (
        <form onSubmit={submit}>
          <label>
            Code from your app <input name="code" inputMode="numeric" autoComplete="one-time-code" />
          </label>{' '}
          <button type="submit" disabled={state.status === 'verifying'}>
            Go
          </button>{' '}
          <button type="button" onClick={() => flow?.cancel()}>
            Cancel
          </button>
          <p role="alert">{state.error && `Try again (${state.error.failure ?? state.error.code}).`}</p>
        </form>
      )
    default:
      return <p role="status">One moment…</p>
  }
}

/**
 * Without our dialog: a hook and your own markup. For every step-up of the page, also those that `stile.fetch` begins, pass `dialog={false}`
 * to the provider and register `stile.onStepUp(show)`. A flow that is `enrolling` waits until you have had its user enrol one of
 * `problem.next.methods` and call `retry()`.
 */
const meta: Meta<typeof OwnPrompt> = {
  title: 'Your own dialog',
  component: OwnPrompt,
  decorators: [inWorld],
  parameters: codeOf('OwnPrompt', source),
}
export default meta

/** A wrong code, then the right one. */
export const Hook: StoryObj<typeof OwnPrompt> = {
  play: async () => {
    await click('Export')
    const field = await screen.findByLabelText('Code from your app')
    await userEvent.type(field, '000000')
    await click('Go')
    await screen.findByText('Try again (wrong_code).')
    await userEvent.clear(field)
    await userEvent.type(field, '123456')
    await click('Go')
    await screen.findByText('The export is ready.')
  },
}
