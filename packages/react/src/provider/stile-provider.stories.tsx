import { licenseOf } from '@stile/testing'
import { expect, fn, screen } from 'storybook/test'
import { StepUpGate } from '../gate/step-up-gate.tsx'
import { TierGuard } from '../gate/tier-guard.tsx'
import { click, LABELS, MEMBER, type Meta, OWN_CARDS, ownCard, type StoryObj, withClient } from '../stories.test-support.tsx'
import { StileProvider } from './stile-provider.tsx'

/**
 * Goes around the part of the application that has gates. Make the client once, outside of any component; everything else is optional.
 *
 * Below it there are a gate and a guard here, so that each prop shows what it does.
 */
const meta: Meta<typeof StileProvider> = {
  title: 'Provider/StileProvider',
  component: StileProvider,
  decorators: [withClient],
  parameters: { world: { given: { ...MEMBER, license: licenseOf('pro') } } },
  args: {
    labels: LABELS,
    headingLevel: 3,
    onUpgrade: '#plans',
    dialog: { user: 'ada@example.com' },
    children: (
      <div style={{ display: 'grid', gap: '1rem' }}>
        <StepUpGate feature="reports.export">
          <p>The export is ready.</p>
        </StepUpGate>
        <TierGuard tier="enterprise">
          <p>Charts of the Enterprise plan.</p>
        </TierGuard>
      </div>
    ),
  },
  argTypes: {
    client: { control: false, table: { type: { summary: 'Stile' } } },
    dialog: { control: 'object', table: { type: { summary: 'DialogOptions | false' } } },
    labels: { control: 'object' },
    texts: { control: 'object', table: { type: { summary: 'Partial<GateTexts>' } } },
    slots: ownCard,
    onUpgrade: { control: 'text', table: { type: { summary: 'string | ((asked: UpgradeAsked) => void)' } } },
    headingLevel: {
      control: 'inline-radio',
      options: [2, 3, 4, 5, 6],
      table: { type: { summary: '2 | 3 | 4 | 5 | 6' }, defaultValue: { summary: '3' } },
    },
    children: {
      control: false,
      description: 'The application, or the part of it that has gates.',
      table: { type: { summary: 'ReactNode' } },
    },
  },
  // the options of the dialog are read when it is mounted
  render: (props) => <StileProvider key={JSON.stringify(props.dialog)} {...props} />,
}
export default meta
type Story = StoryObj<typeof StileProvider>

/** With labels and a link to the plans. */
export const Playground: Story = {
  play: async () => {
    await screen.findByText('To continue to “Export reports”, confirm it’s you.')
    expect(screen.getByRole('heading', { name: 'Confirm it’s you', level: 3 })).toBeVisible()
    expect(await screen.findByRole('link', { name: 'See plans' })).toHaveAttribute('href', '#plans')
    await click('Confirm and continue')
    await screen.findByText(/ada@example\.com/)
  },
}

/** With nothing but the client: features and tiers are called by their names, and a card that could lead to the plans has no button. */
export const Bare: Story = {
  args: { labels: {}, onUpgrade: undefined, dialog: {} } as Story['args'] & object,
  play: async () => {
    await screen.findByText(/“reports\.export”/)
    await screen.findByRole('heading', { name: 'Not part of your plan' })
    expect(screen.queryByText('See plans')).toBeNull()
  },
}

/** Sentences of your own, or of another language. */
export const OwnWords: Story = {
  args: {
    texts: { step_up: { title: 'Kurz bestätigen', body: 'Weiter zu „{feature}“: bitte bestätigen.', button: 'Bestätigen' } },
    dialog: { texts: { cancel: 'Abbrechen' } },
    labels: { ...LABELS, 'reports.export': 'Berichte exportieren' },
  },
  play: async () => {
    await screen.findByText('Weiter zu „Berichte exportieren“: bitte bestätigen.')
    await click('Bestätigen')
    await screen.findByRole('button', { name: 'Abbrechen' })
  },
}

/** The application is told what an upgrade is wanted for, in place of a link. */
export const UpgradeAsked: Story = {
  args: { onUpgrade: fn() },
  play: async ({ args }) => {
    await click('See plans')
    expect(args.onUpgrade).toHaveBeenCalledWith({ tiers: ['enterprise'] })
  },
}

/** A card of the application in place of ours. What its button does stays the same. */
export const OwnCards: Story = {
  args: { slots: OWN_CARDS },
  play: async () => {
    await click('Confirm and continue')
    await screen.findByRole('dialog', { name: 'Confirm it’s you' })
  },
}

/** The headings of the cards fit the outline of the page. */
export const Headings: Story = {
  args: { headingLevel: 2 },
  play: async () => {
    await screen.findByRole('heading', { name: 'Confirm it’s you', level: 2 })
    await screen.findByRole('heading', { name: 'Not part of your plan', level: 2 })
  },
}
