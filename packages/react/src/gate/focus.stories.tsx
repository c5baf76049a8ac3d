import { licenseOf } from '@stile/testing'
import type { ReactElement } from 'react'
import { expect, screen, waitFor } from 'storybook/test'
import { openDialog } from '../shadow.test-support.ts'
import { click, inWorld, MEMBER, type Meta, type StoryObj, service, typeCode } from '../stories.test-support.tsx'
import { StepUpGate } from './step-up-gate.tsx'
import { TierGuard } from './tier-guard.tsx'

/** A gate and a guard, side by side. The focus is always on something that has a name. */
function Page(): ReactElement {
  return (
    <>
      <StepUpGate feature="reports.export">
        <p>The export is ready.</p>
      </StepUpGate>
      <TierGuard tier="pro">
        <h2>Charts</h2>
      </TierGuard>
    </>
  )
}

const meta: Meta<typeof Page> = { title: 'Gates/Focus', component: Page, decorators: [inWorld] }
export default meta
type Story = StoryObj<typeof Page>

const isFocused = (find: () => Element) => waitFor(() => expect(document.activeElement).toBe(find()))

/** After a proof it is on what has opened, by the name of the feature. */
export const AfterProof: Story = {
  play: async () => {
    await click('Confirm and continue')
    await typeCode('123456')
    await screen.findByText('The export is ready.')
    await waitFor(() => expect(openDialog()).toBeNull(), { timeout: 3000 })
    await isFocused(() => screen.getByRole('group', { name: 'Export reports' }))
  },
}

/** After an enrolment it is there, too. */
export const AfterEnrollment: Story = {
  parameters: { world: { given: { license: licenseOf('pro') } } },
  play: async () => {
    await click('Set it up')
    await click('Add an authenticator app')
    await typeCode('123456')
    await click('Save')
    await click('Not now')
    await screen.findByText('The export is ready.')
    await waitFor(() => expect(openDialog()).toBeNull(), { timeout: 3000 })
    await isFocused(() => screen.getByRole('group', { name: 'Export reports' }))
  },
}

/** A card with the focus gives way to a card that has no button. */
export const AnotherCard: Story = {
  parameters: { world: { given: { ...MEMBER, license: licenseOf('pro') } } },
  render: () => (
    <>
      <StepUpGate feature="reports.export">
        <p>The export is ready.</p>
      </StepUpGate>
      <TierGuard tier="enterprise" />
    </>
  ),
  play: async () => {
    // cards without a prompt are there once their file is
    await screen.findByRole('group', { name: 'Not part of your plan' })
    const button = await screen.findByRole('button', { name: 'Confirm and continue' })
    button.focus()
    service().given({ risk: 'critical' })
    await isFocused(() => screen.getByRole('group', { name: 'Not available to you' }))
  },
}

/** The card changes under the open dialog: once that is closed, the focus is on the new card. */
export const AnotherCardBelow: Story = {
  play: async () => {
    await click('Confirm and continue')
    await screen.findByLabelText(/6-digit code/)
    service().given({ risk: 'critical' })
    await screen.findByRole('group', { name: 'Not available to you' })
    await click('Cancel')
    await waitFor(() => expect(openDialog()).toBeNull(), { timeout: 3000 })
    await isFocused(() => screen.getByRole('group', { name: 'Not available to you' }))
  },
}

/** A guard opens after “Try again”: the focus is on the first thing in it that says where it is. */
export const GuardOpens: Story = {
  parameters: { world: { given: { ...MEMBER, network: 'down' } } },
  render: () => (
    <TierGuard tier="pro">
      <h2>Charts</h2>
    </TierGuard>
  ),
  play: async () => {
    await screen.findByRole('button', { name: 'Try again' })
    service().given({ network: 'up' })
    await click('Try again')
    await isFocused(() => screen.getByRole('heading', { name: 'Charts' }))
  },
}
