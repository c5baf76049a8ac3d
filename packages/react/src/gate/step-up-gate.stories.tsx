import { problem } from '@stile/protocol'
import { type World as Facts, licenseOf } from '@stile/testing'
import { expect, screen, waitFor } from 'storybook/test'
import { openDialog } from '../shadow.test-support.ts'
import {
  click,
  inWorld,
  MEMBER,
  type Meta,
  OWN_CARDS,
  ownCard,
  type StoryObj,
  service,
  settled,
  typeCode,
} from '../stories.test-support.tsx'
import { StepUpGate } from './step-up-gate.tsx'

const meta: Meta<typeof StepUpGate> = {
  title: 'Gates/StepUpGate',
  component: StepUpGate,
  decorators: [inWorld],
  args: { feature: 'reports.export', children: <p>The export is ready.</p> },
  argTypes: {
    feature: {
      control: 'select',
      options: ['reports.view', 'contact.change', 'reports.export', 'payouts.account', 'payouts.approve'],
      description: 'A feature of your policy.',
    },
    operation: { control: 'object' },
    label: { control: 'text' },
    fallback: { control: 'text', table: { type: { summary: 'ReactNode' } } },
    loading: { control: 'text', table: { type: { summary: 'ReactNode' } } },
    error: { control: 'text', table: { type: { summary: 'ReactNode' } } },
    slots: ownCard,
    children: { control: false, table: { type: { summary: 'ReactNode' } } },
  },
}
export default meta
type Story = StoryObj<typeof StepUpGate>

const card = (kind: string) => waitFor(() => expect(document.querySelector(`[data-stile-card="${kind}"]`)).toBeVisible())
const isClosed = () => expect(screen.queryByText('The export is ready.')).toBeNull()

/** A fresh proof is needed. Nothing opens before the click. */
export const StepUp: Story = {
  play: async () => {
    await card('step_up')
    await screen.findByText(/confirm it’s you/)
    expect(openDialog()).toBeNull()
    isClosed()
  },
}

/** Nothing is known yet: never a paywall, which would flash at someone who has paid. */
export const Loading: Story = {
  parameters: { world: { given: { ...MEMBER, network: 'slow' } } },
  play: async () => {
    await screen.findByText('Loading…')
    expect(document.querySelector('[data-stile-card]')).toBeNull()
    isClosed()
  },
}

/** The ceremony is under way: the button stays where it is, and keeps the focus. */
export const Busy: Story = {
  play: async () => {
    const button = await screen.findByRole('button', { name: 'Confirm and continue' })
    service().given({ network: 'slow' })
    await click('Confirm and continue')
    await waitFor(() => expect(button).toHaveAttribute('aria-disabled', 'true'))
    isClosed()
  },
}

/** Proven: the content is there, and has the focus once the dialog is gone. */
export const Granted: Story = {
  play: async () => {
    await click('Confirm and continue')
    await typeCode('123456')
    const content = await screen.findByText('The export is ready.')
    await waitFor(() => expect(openDialog()).toBeNull(), { timeout: 3000 })
    await waitFor(() => expect(document.activeElement).toBe(content.parentElement))
  },
}

/** The proof is bound to what is approved, and counts for nothing else. */
export const Bound: Story = {
  args: { feature: 'payouts.approve', operation: { amount: '250.00 EUR' }, children: <p>The payout is approved.</p> },
  play: async () => {
    await click('Confirm and continue')
    await screen.findByText('250.00 EUR')
    await typeCode('123456')
    await screen.findByText('The payout is approved.')
  },
}

/** What people read for the feature, here and in the dialog. */
export const Labelled: Story = {
  args: { label: 'Download the year' },
  play: async () => {
    await screen.findByText('To continue to “Download the year”, confirm it’s you.')
    await click('Confirm and continue')
    await screen.findByText(/^To continue: Download the year/)
    await settled()
  },
}

/** The subject closed the prompt: nothing is lost, and it can begin again. */
export const Cancelled: Story = {
  play: async () => {
    await click('Confirm and continue')
    await click('Cancel')
    await screen.findByText(/not confirmed/i)
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Confirm and continue' })))
    await settled()
    isClosed()
  },
}

/** The plan does not include it. */
export const Upgrade: Story = {
  parameters: { world: { given: { license: licenseOf('basic') } } },
  play: async () => {
    await card('upgrade')
    await screen.findByText(/Pro and Enterprise/)
    isClosed()
  },
}

/** The application's own paywall in place of the card. */
export const OwnPaywall: Story = {
  ...Upgrade,
  args: { fallback: <a href="#plans">See the plans</a> },
  play: async () => {
    await screen.findByText('See the plans')
    expect(document.querySelector('[data-stile-card]')).toBeNull()
    isClosed()
  },
}

/** The application's own sign of waiting. */
export const OwnLoading: Story = {
  ...Loading,
  args: { loading: 'Just a second' },
  play: async () => {
    await screen.findByText('Just a second')
    isClosed()
  },
}

/** The application's own words if the decision cannot be known. */
export const OwnError: Story = {
  parameters: { world: { given: { ...MEMBER, network: 'down' } } },
  args: { error: 'The export cannot be reached.' },
  play: async () => {
    await screen.findByText('The export cannot be reached.')
    expect(document.querySelector('[data-stile-card]')).toBeNull()
    isClosed()
  },
}

/** A card of the application, around what ours would say and do. */
export const OwnCard: Story = {
  args: { slots: OWN_CARDS },
  play: async () => {
    await click('Confirm and continue')
    await screen.findByRole('dialog', { name: 'Confirm it’s you' })
    await settled()
    isClosed()
  },
}

/** Nothing is enrolled that could prove it. */
export const Enroll: Story = {
  parameters: { world: { given: { license: licenseOf('pro') } } },
  play: async () => {
    await card('enroll')
    await screen.findByRole('button', { name: 'Set it up' })
    isClosed()
  },
}

/** A story of somebody for whom the gate is closed: the card, and nothing of the content. */
const closed = (kind: string, given: Partial<Facts>): Story => ({
  parameters: { world: { given: { ...MEMBER, ...given } } },
  play: async () => {
    await card(kind)
    isClosed()
  },
})

/** The context looks too dangerous: the card says what to do, in words of its own. */
export const Denied: Story = closed('deny', { risk: 'critical' })

/** The plan is suspended: nobody is told to buy what they have. */
export const Suspended: Story = closed('suspended', { license: licenseOf('pro', { state: 'suspended' }) })

/** The plan has ended, and is to be renewed. */
export const Expired: Story = closed('expired', { license: licenseOf('pro', { state: 'expired' }) })

/** Nobody is signed in: the application gave no session token. */
export const SignedOut: Story = closed('signed_out', { signedIn: false })

/** The session has ended, and the service can have the subject sign in again. */
export const Ended: Story = closed('ended', { refusal: problem('session_ended', 'It has ended.', { next: { methods: ['relogin'] } }) })

/** The service does not know this page. The console says what to change; the subject is not blamed. */
export const Misconfigured: Story = closed('misconfigured', { refusal: problem('origin_not_allowed', 'List this origin.') })

/** The service cannot be reached; it is asked again by itself, and by the button. */
export const Offline: Story = {
  parameters: { world: { given: { ...MEMBER, network: 'down' } } },
  play: async () => {
    await card('unreachable')
    await click('Try again')
    await card('unreachable')
    isClosed()
  },
}

/** A downgrade takes away what is shown, at once. */
export const TakenAway: Story = {
  play: async () => {
    await click('Confirm and continue')
    await typeCode('123456')
    await screen.findByText('The export is ready.')
    await waitFor(() => expect(openDialog()).toBeNull(), { timeout: 3000 })
    service().given({ license: licenseOf('basic', { epoch: 2 }) })
    await card('upgrade')
    isClosed()
  },
}
