import type { StepUpOptions } from '@stile/browser'
import type { ReactElement } from 'react'
import { expect, screen, waitFor } from 'storybook/test'
import type { FeatureName } from '../register.ts'
import { openDialog } from '../shadow.test-support.ts'
import { click, codeOf, featureControl, inWorld, type Meta, type StoryObj, settled, typeCode } from '../stories.test-support.tsx'
import source from './use-step-up.stories.tsx?raw'
import { useStepUp } from './use-step-up.ts'

type Props = Readonly<{ feature: FeatureName }> & Pick<StepUpOptions, 'operation' | 'label' | 'headless'>

function ApproveButton({ feature, ...options }: Props): ReactElement {
  const { state, flow, start } = useStepUp(feature)
  return (
    <p>
      <button type="button" onClick={() => start(options).catch(() => {})}>
        Approve
      </button>{' '}
      {options.headless && state.status === 'proving' && (
        <button type="button" onClick={() => flow?.submit({ code: '123456' })}>
          Send the code 123456
        </button>
      )}
      <span role="status">Step-up: {state.status}</span>
    </p>
  )
}

/**
 * `useStepUp(feature)` gives a step-up without any looks: `start(options)` on a click, then follow `state`. The dialog shows it, or, with
 * `headless`, your component does: see *Your own dialog*.
 *
 * `start` resolves with the token and rejects with `StepUpCancelled` or `StepUpFailed`. You need it only for what a gate or `stile.fetch` cannot
 * do.
 */
const meta: Meta<typeof ApproveButton> = {
  title: 'Hooks/useStepUp',
  component: ApproveButton,
  decorators: [inWorld],
  args: { feature: 'reports.export', headless: false },
  argTypes: {
    feature: featureControl,
    operation: {
      control: 'object',
      description: 'Option of `start`: the parameters that the proof is bound to. Such a step-up is never shared.',
      type: { name: 'object', value: {} },
    },
    label: {
      control: 'text',
      description: 'Option of `start`: what people read as the thing that is asked for.',
      table: { defaultValue: { summary: 'the label of the feature' } },
      type: 'string',
    },
    headless: {
      control: 'boolean',
      description: 'Option of `start`: keeps the dialog closed, because your component shows the flow.',
      table: { defaultValue: { summary: 'false' } },
      type: 'boolean',
    },
  },
  parameters: codeOf('ApproveButton', source),
}
export default meta
type Story = StoryObj<typeof ApproveButton>

/** Clicks once the dialog is mounted, because a step-up that nobody shows waits. */
const approve = async () => {
  await waitFor(() => expect(document.querySelector('stile-dialog')).not.toBeNull())
  await click('Approve')
}

/** Nothing happens before the click; then the dialog shows the step-up, and the component follows. */
export const WithTheDialog: Story = {
  play: async () => {
    await screen.findByText('Step-up: idle')
    expect(openDialog()).toBeNull()
    await approve()
    await typeCode('123456')
    await screen.findByText('Step-up: done')
  },
}

/** Without the dialog: the component sends the code itself. */
export const Headless: Story = {
  args: { headless: true },
  play: async () => {
    await approve()
    await click('Send the code 123456')
    await screen.findByText('Step-up: done')
    expect(openDialog()).toBeNull()
  },
}

/** Bound to an operation, which the dialog shows, and called as the page calls it. */
export const Bound: Story = {
  args: { feature: 'payouts.approve', operation: { amount: '250.00 EUR' }, label: 'Pay Ada' },
  play: async () => {
    await approve()
    await screen.findByText(/^To continue: Pay Ada/)
    await screen.findByText('250.00 EUR')
    await settled()
  },
}

/** The subject cancels: the component is told, and can start again. */
export const Cancelled: Story = {
  play: async () => {
    await approve()
    await click('Cancel')
    await screen.findByText('Step-up: cancelled')
  },
}

/** It cannot succeed: there is nothing to choose from. */
export const Failed: Story = {
  args: { headless: true },
  parameters: { world: { given: {} } },
  play: async () => {
    await approve()
    await screen.findByText('Step-up: failed')
  },
}
