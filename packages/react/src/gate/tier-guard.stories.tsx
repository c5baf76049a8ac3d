import { licenseOf } from '@stile/testing'
import { expect, screen, waitFor } from 'storybook/test'
import { click, inWorld, MEMBER, type Meta, ownCard, type StoryObj, service } from '../stories.test-support.tsx'
import { TierGuard } from './tier-guard.tsx'

const meta: Meta<typeof TierGuard> = {
  title: 'Gates/TierGuard',
  component: TierGuard,
  decorators: [inWorld],
  args: { tier: 'pro', children: <p>Charts of the Pro plan.</p> },
  argTypes: {
    tier: { control: 'select', options: ['basic', 'pro', 'enterprise'], description: 'A tier of your policy.' },
    label: { control: 'text' },
    fallback: { control: 'text', table: { type: { summary: 'ReactNode' } } },
    loading: { control: 'text', table: { type: { summary: 'ReactNode' } } },
    error: { control: 'text', table: { type: { summary: 'ReactNode' } } },
    slots: ownCard,
    children: { control: false, table: { type: { summary: 'ReactNode' } }, description: 'What is shown if the license includes the tier.' },
  },
}
export default meta
type Story = StoryObj<typeof TierGuard>

const isClosed = () => expect(screen.queryByText('Charts of the Pro plan.')).toBeNull()

/** The plan does not include it; an upgrade opens it without a reload. */
export const Upgrade: Story = {
  parameters: { world: { given: { license: licenseOf('basic') } } },
  play: async () => {
    await screen.findByText(/is in Pro/)
    isClosed()
  },
}

/** A larger plan includes the smaller ones. */
export const Included: Story = {
  play: async () => {
    await screen.findByText('Charts of the Pro plan.')
  },
}

/** What people read for the tier. */
export const Labelled: Story = {
  ...Upgrade,
  args: { label: 'the Pro plan' },
  play: async () => {
    await screen.findByText('“This” is in the Pro plan.')
    isClosed()
  },
}

/** The application's own paywall in place of the card. */
export const OwnPaywall: Story = {
  ...Upgrade,
  args: { fallback: 'The charts are in Pro.' },
  play: async () => {
    await screen.findByText('The charts are in Pro.')
    expect(document.querySelector('[data-stile-card]')).toBeNull()
    isClosed()
  },
}

/** Nothing is known yet. */
export const Loading: Story = {
  parameters: { world: { given: { ...MEMBER, network: 'slow' } } },
  play: async () => {
    await screen.findByText('Loading…')
    isClosed()
  },
}

/** The plan was raised while the page was open. */
export const Upgraded: Story = {
  ...Upgrade,
  play: async () => {
    await screen.findByText(/is in Pro/)
    service().given({ license: licenseOf('pro', { epoch: 2 }) })
    await screen.findByText('Charts of the Pro plan.')
  },
}

/** The service cannot be reached. */
export const Offline: Story = {
  parameters: { world: { given: { ...MEMBER, network: 'down' } } },
  play: async () => {
    await waitFor(() => expect(document.querySelector('[data-stile-card="unreachable"]')).toBeVisible())
    await click('Try again')
    isClosed()
  },
}
