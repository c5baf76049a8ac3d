import type { World as Facts } from '@stile/testing'
import { licenseOf } from '@stile/testing'
import type { ReactElement } from 'react'
import { expect, screen, userEvent, waitFor } from 'storybook/test'
import { StepUpGate } from '../gate/step-up-gate.tsx'
import {
  click,
  inWorld,
  lendAuthenticator,
  type Meta,
  type StoryObj,
  settled,
  typeCode,
  withoutPasskeys,
} from '../stories.test-support.tsx'

/** Enrolment opens on a click of the gate, as it does in an application. */
function Page(): ReactElement {
  return (
    <StepUpGate feature="reports.export">
      <p>The export is ready.</p>
    </StepUpGate>
  )
}

/** On this page each story waits for your click. Open one by itself to see it play up to its view of the dialog. */
const meta: Meta<typeof Page> = {
  title: 'Dialog/Enrollment',
  component: Page,
  decorators: [inWorld],
  parameters: { world: { given: { license: licenseOf('pro') } } },
}
export default meta
type Story = StoryObj<typeof Page>

const open = () => click('Set it up')
const choose = async () => {
  await open()
  await click('Add an authenticator app')
}

/** The subject chooses what to set up. */
export const Choice: Story = {
  play: async () => {
    await open()
    await screen.findByRole('dialog', { name: 'Set up a way to confirm it’s you' })
    await screen.findByRole('button', { name: 'Add a passkey' })
    await screen.findByRole('button', { name: 'Add an authenticator app' })
    await screen.findByRole('button', { name: 'Add a security key' })
    await settled()
  },
}

/** A browser without passkeys: what it cannot do is disabled, and says why. */
export const ChoiceWithoutPasskeys: Story = {
  play: async () => {
    withoutPasskeys()
    await open()
    for (const name of ['Add a passkey', 'Add a security key']) {
      const button = await screen.findByRole('button', { name })
      expect(button).toBeDisabled()
      expect(button).toHaveAccessibleDescription('This browser can’t create one.')
    }
    expect(screen.getByRole('button', { name: 'Add an authenticator app' })).toBeEnabled()
    await settled()
  },
}

/** An authenticator app: a picture to scan, a key to type by hand, and the code that it shows. */
export const AuthenticatorApp: Story = {
  play: async () => {
    await choose()
    await screen.findByRole('img', { name: 'QR code for your authenticator app' })
    await screen.findByText(/JBSW Y3DP/)
    await settled()
  },
}

/** The code is wrong: the picture stays, and another can be typed. */
export const WrongCode: Story = {
  play: async () => {
    await choose()
    await screen.findByRole('img', { name: 'QR code for your authenticator app' })
    await typeCode('000000')
    await screen.findByText(/isn’t right.*\b4\b/)
    await settled()
  },
}

/** Enrolled: it gets a name, so that it is known again. */
export const Named: Story = {
  play: async () => {
    await choose()
    await typeCode('123456')
    await screen.findByRole('dialog', { name: 'All set' })
    await settled()
  },
}

/** Named: subjects without recovery codes are offered some. */
export const CodesOffered: Story = {
  play: async () => {
    await choose()
    await typeCode('123456')
    const name: HTMLInputElement = await screen.findByLabelText('Name this device')
    await userEvent.type(name, 'My phone', { initialSelectionStart: 0, initialSelectionEnd: name.value.length })
    expect(name).toHaveValue('My phone')
    await click('Save')
    await screen.findByRole('dialog', { name: 'Save recovery codes' })
    await settled()
  },
}

/** Not now: what asked for it opens. */
export const Saved: Story = {
  play: async (context) => {
    await CodesOffered.play?.(context)
    await click('Not now')
    await screen.findByText('The export is ready.')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  },
}

/** The subject leaves: nothing has changed. */
export const Cancelled: Story = {
  play: async () => {
    await choose()
    await click('Cancel')
    await screen.findByText(/not confirmed/i)
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  },
}

const KEY = (attestation: Facts['attestation']) => ({ world: { given: { license: licenseOf('enterprise'), attestation } } })
const addKey = async () => {
  lendAuthenticator('works')
  await click('Set it up')
  await click('Add a security key')
  await screen.findByRole('dialog', { name: 'All set' })
}
const payoutAccount = () => (
  <StepUpGate feature="payouts.account">
    <p>The payout account can be changed.</p>
  </StepUpGate>
)

/** Only a hardware key will do here, so that only one is offered. */
export const ChoiceAsked: Story = {
  parameters: KEY('trusted'),
  render: payoutAccount,
  play: async () => {
    await click('Set it up')
    await screen.findByRole('button', { name: 'Add a security key' })
    expect(screen.queryByRole('button', { name: 'Add an authenticator app' })).toBeNull()
    await settled()
  },
}

/** The browser waits for the key. */
export const KeyPrompt: Story = {
  parameters: KEY('trusted'),
  render: payoutAccount,
  play: async () => {
    lendAuthenticator('waits')
    await click('Set it up')
    await click('Add a security key')
    await screen.findByText(/touch/)
    await settled()
  },
}

/** Its maker vouches for it: it counts as a hardware key, and nothing needs to be said. */
export const KeyTrusted: Story = {
  parameters: KEY('trusted'),
  render: payoutAccount,
  play: async () => {
    await addKey()
    expect(screen.queryByText(/counts as a passkey/)).toBeNull()
    await settled()
  },
}

/** No maker vouches for the key: it is enrolled all the same, and the dialog says why it counts for less. */
export const KeyUnknown: Story = {
  parameters: KEY('none'),
  render: payoutAccount,
  play: async () => {
    await addKey()
    await screen.findByText(/counts as a passkey/)
    await settled()
  },
}
