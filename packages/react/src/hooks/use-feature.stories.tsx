import { authenticatorOf, licenseOf } from '@stile/testing'
import type { ReactElement } from 'react'
import { screen } from 'storybook/test'
import type { FeatureName } from '../register.ts'
import { codeOf, featureControl, inWorld, MEMBER, type Meta, type StoryObj, service } from '../stories.test-support.tsx'
import source from './use-feature.stories.tsx?raw'
import { useFeature } from './use-feature.ts'

function ExportButton({ feature }: Readonly<{ feature: FeatureName }>): ReactElement {
  const found = useFeature(feature)
  switch (found.status) {
    case 'loading':
      return <p>One moment…</p>
    case 'error':
      return <p>We can’t know yet ({found.code}).</p>
    case 'permit':
      return <button type="button">Export</button>
    case 'upgrade':
      return <p>Not part of your plan.</p>
    default:
      return <p>Closed: {found.status}.</p>
  }
}

/**
 * `useFeature(feature)` says what may be done with a feature now, and follows every change: a proof, a plan, a risk.
 *
 * Take it to show or hide something small. To open the prompt as well, take `StepUpGate`.
 */
const meta: Meta<typeof ExportButton> = {
  title: 'Hooks/useFeature',
  component: ExportButton,
  decorators: [inWorld],
  args: { feature: 'reports.export' },
  argTypes: { feature: featureControl },
  parameters: codeOf('ExportButton', source),
}
export default meta
type Story = StoryObj<typeof ExportButton>

/** A fresh proof is needed first. */
export const StepUp: Story = {
  play: async () => {
    await screen.findByText('Closed: step_up.')
  },
}

/** It may be used now. */
export const Permit: Story = {
  args: { feature: 'reports.view' },
  play: async () => {
    await screen.findByRole('button', { name: 'Export' })
  },
}

/** Another plan would include it; bought, it needs a proof like any other. */
export const Upgrade: Story = {
  parameters: { world: { given: { ...MEMBER, license: licenseOf('basic') } } },
  play: async () => {
    await screen.findByText('Not part of your plan.')
    service().given({ license: licenseOf('pro', { epoch: 2 }), authenticators: [authenticatorOf('totp')] })
    await screen.findByText('Closed: step_up.')
  },
}

/** A feature that the service does not know is denied. */
export const Unknown: Story = {
  args: { feature: 'reports.exprot' as FeatureName },
  play: async () => {
    await screen.findByText('Closed: deny.')
  },
}

/** The service cannot be reached, and nothing was known before. */
export const Offline: Story = {
  parameters: { world: { given: { ...MEMBER, network: 'down' } } },
  play: async () => {
    await screen.findByText(/We can’t know yet/)
  },
}
