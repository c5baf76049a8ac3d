import { licenseOf } from '@stile/testing'
import { expect, screen } from 'storybook/test'
import { StepUpGate, TierGuard } from './index.ts'
import { click, inWorld, type Meta, type StoryObj, service, typeCode } from './stories.test-support.tsx'

/** A page with everything on it, and the switches that its world has: play with them. Codes of the authenticator app are 123456, once. */
const meta: Meta = {
  title: 'The whole flow',
  decorators: [inWorld],
  parameters: { world: { given: { license: licenseOf('basic') } } },
  render: () => (
    <div style={{ display: 'grid', gap: '1rem', maxWidth: '36rem' }}>
      <fieldset style={{ display: 'flex', flexWrap: 'wrap', gap: '0.5rem' }}>
        <legend>The world of this page</legend>
        {SWITCHES.map(([name, act]) => (
          <button key={name} type="button" onClick={act}>
            {name}
          </button>
        ))}
      </fieldset>
      <TierGuard tier="pro">
        <p>Charts of the Pro plan.</p>
      </TierGuard>
      <StepUpGate feature="reports.export">
        <p>The export is ready.</p>
      </StepUpGate>
      <StepUpGate feature="payouts.account">
        <p>The payout account can be changed.</p>
      </StepUpGate>
    </div>
  ),
}
export default meta

let epoch = 1
const change = (tier: string) => service().given({ license: licenseOf(tier, { epoch: ++epoch }) })
const SWITCHES: readonly (readonly [name: string, act: () => void])[] = [
  ['Basic', () => change('basic')],
  ['Pro', () => change('pro')],
  ['Enterprise', () => change('enterprise')],
  ['Suspended', () => service().given({ license: licenseOf('pro', { epoch: ++epoch, state: 'suspended' }) })],
  ['16 minutes later', () => service().advance(16 * 60)],
  ['A critical risk', () => service().given({ risk: 'critical' })],
  ['No risk', () => service().given({ risk: 'normal' })],
  ['Offline', () => service().given({ network: 'down' })],
  ['Online', () => service().given({ network: 'up' })],
]

/** Somebody buys Pro, sets up an authenticator app where it is asked for, and has what they wanted. */
export const Page: StoryObj = {
  play: async () => {
    await screen.findAllByRole('heading', { name: 'Not part of your plan' })
    await click('Pro')
    await screen.findByText('Charts of the Pro plan.')
    await click('Set it up')
    await click('Add an authenticator app')
    await typeCode('123456')
    await click('Save')
    await click('Not now')
    await screen.findByText('The export is ready.')
    expect(screen.queryByText('The payout account can be changed.')).toBeNull()
  },
}
