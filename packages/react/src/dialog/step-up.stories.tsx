import { authenticatorOf, licenseOf } from '@stile/testing'
import type { ReactElement } from 'react'
import { expect, screen, userEvent, waitFor } from 'storybook/test'
import { StepUpGate } from '../gate/step-up-gate.tsx'
import { focused, tab } from '../shadow.test-support.ts'
import {
  click,
  inWorld,
  lendAuthenticator,
  MEMBER,
  type Meta,
  ready,
  type StoryObj,
  service,
  settled,
  typeCode,
} from '../stories.test-support.tsx'

/** The dialog opens on a click of the gate, as it does in an application. */
function Page(): ReactElement {
  return (
    <StepUpGate feature="reports.export">
      <p>The export is ready.</p>
    </StepUpGate>
  )
}

/** On this page each story waits for your click. Open one by itself to see it play up to its view of the dialog. */
const meta: Meta<typeof Page> = { title: 'Dialog/Step-up', component: Page, decorators: [inWorld] }
export default meta
type Story = StoryObj<typeof Page>

const open = () => click('Confirm and continue')
const dialog = () => screen.findByRole('dialog', { name: 'Confirm it’s you' })

/** The service takes its time. */
export const Starting: Story = {
  play: async () => {
    await screen.findByRole('button', { name: 'Confirm and continue' })
    service().given({ network: 'slow' })
    await open()
    await screen.findByText('One moment…')
    await settled()
  },
}

/** The subject types the code of the authenticator app. */
export const Code: Story = {
  play: async () => {
    await open()
    await dialog()
    await screen.findByText(/^To continue: Export reports/)
    await waitFor(() => expect(focused()).toBe(screen.getByLabelText(/6-digit code/)))
    await settled()
  },
}

/** The code is wrong: what is left is said, and the field is ready for another. */
export const WrongCode: Story = {
  play: async () => {
    await open()
    await typeCode('000000')
    await screen.findByText(/isn’t right.*\b4\b/)
    expect(screen.getByLabelText(/6-digit code/)).toHaveAttribute('aria-invalid', 'true')
    await settled()
  },
}

/** Too many wrong codes: no code of any method counts for a while. */
export const Locked: Story = {
  parameters: { world: { given: { ...MEMBER, guesses: 0 } } },
  play: async () => {
    await open()
    await typeCode('123456')
    await screen.findByText(/too many wrong codes.*15 min/i)
    expect(screen.getByRole('button', { name: 'Use your authenticator app Available in 15 min' })).toBeDisabled()
    await settled()
  },
}

/** A passkey cannot be guessed: it stays open while codes are locked. */
export const LockedButPasskey: Story = {
  ...Locked,
  parameters: { world: { given: { ...MEMBER, guesses: 0, authenticators: [authenticatorOf('totp'), authenticatorOf('passkey')] } } },
  play: async () => {
    lendAuthenticator('waits')
    await open()
    await click('Use another way')
    await click('Use your authenticator app')
    await typeCode('123456')
    await screen.findByText(/Too many wrong codes/)
    expect(screen.getByRole('button', { name: 'Use a passkey' })).toBeEnabled()
    await settled()
  },
}

const SEVERAL = {
  ...MEMBER,
  authenticators: [
    authenticatorOf('passkey', { name: 'Laptop' }),
    authenticatorOf('security-key', { name: 'Blue key' }),
    authenticatorOf('totp'),
  ],
}

/** The best way is started at once. */
export const Passkey: Story = {
  parameters: { world: { given: SEVERAL } },
  play: async () => {
    lendAuthenticator('waits')
    await open()
    await dialog()
    await screen.findByText(/prompt from your browser/)
    await screen.findByRole('button', { name: 'Use another way' })
    await settled()
  },
}

/** The prompt was closed: it is said, and every way is one click away, each by its own name. */
export const AnotherWay: Story = {
  ...Passkey,
  play: async () => {
    lendAuthenticator('dismissed')
    await open()
    await screen.findByText(/prompt was closed/)
    await screen.findByRole('button', { name: 'Use a passkey Laptop' })
    await screen.findByRole('button', { name: 'Use a security key Blue key' })
    await screen.findByRole('button', { name: 'Use your authenticator app' })
    await screen.findByRole('button', { name: 'I can’t use any of these' })
    await settled()
  },
}

/** The subject takes another way than the best, and could go back. */
export const AnotherWayTaken: Story = {
  ...Passkey,
  play: async () => {
    lendAuthenticator('waits')
    await open()
    await click('Use another way')
    await click('Use your authenticator app')
    await waitFor(() => expect(focused()).toBe(screen.getByLabelText(/6-digit code/)))
    await screen.findByRole('button', { name: 'Use another way' })
    await settled()
  },
}

/** All of it without a mouse: the gate, another way, the code. */
export const ByKeyboard: Story = {
  ...Passkey,
  play: async () => {
    lendAuthenticator('waits')
    const gate = await screen.findByRole('button', { name: 'Confirm and continue' })
    gate.focus()
    await userEvent.keyboard('{Enter}')
    await ready('Use another way')
    tab()
    await userEvent.keyboard('{Enter}')
    // the choice opens with the best way in focus: two further is the authenticator app
    await waitFor(() => expect(focused()).toBe(screen.getByRole('button', { name: 'Use a passkey Laptop' })))
    await ready('Use a passkey Laptop')
    tab()
    tab()
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(focused()).toBe(screen.getByLabelText(/6-digit code/)))
    await userEvent.keyboard('123456')
    await screen.findByText('The export is ready.')
  },
}

/** A security key: what to do with it, and another way. */
export const SecurityKey: Story = {
  ...Passkey,
  play: async () => {
    lendAuthenticator('waits')
    await open()
    await click('Use another way')
    await click('Use a security key Blue key')
    await screen.findByText(/touch/)
    await settled()
  },
}

/** The key is refused: why is said in a sentence of its own. */
export const KeyRefused: Story = {
  parameters: { world: { given: { ...SEVERAL, refuses: { passkey: 'user_verification_missing' } } } },
  play: async () => {
    lendAuthenticator('works')
    await open()
    await screen.findByText(/didn’t check/)
    await settled()
  },
}

/** There is one way only: who cannot take it is led on. */
export const OneWayOnly: Story = {
  parameters: { world: { given: { ...MEMBER, recoveryCodes: ['0123-4567-89AB-CDEF'] } } },
  play: async () => {
    await open()
    await dialog()
    await click('I can’t use this')
    await screen.findByRole('dialog', { name: 'Recover your account' })
    await waitFor(() => expect(focused()).toBe(screen.getByLabelText('Recovery code')))
    await settled()
  },
}

/** Nothing that is enrolled works in this browser. */
export const NothingWorksHere: Story = {
  parameters: { world: { given: { ...MEMBER, authenticators: [authenticatorOf('passkey')] } } },
  play: async () => {
    const { PublicKeyCredential } = globalThis
    Object.assign(globalThis, { PublicKeyCredential: undefined })
    await open()
    await screen.findByText(/ways that you set up works here/)
    await screen.findByRole('button', { name: 'Use a recovery code' })
    await settled()
    Object.assign(globalThis, { PublicKeyCredential })
  },
}

/** Proven: a moment of confirmation, then the content. */
export const Confirmed: Story = {
  play: async () => {
    await open()
    await typeCode('123456')
    await screen.findByRole('dialog', { name: 'Confirmed' })
    await screen.findByText('The export is ready.')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull(), { timeout: 3000 })
  },
}

/** Escape and Cancel close it, and nothing has changed. */
export const Cancelled: Story = {
  play: async () => {
    await open()
    await click('Cancel')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    await screen.findByText(/not confirmed/i)
  },
}

/** The service went away: it is tried again by itself, and on a click. */
export const Offline: Story = {
  play: async () => {
    await screen.findByRole('button', { name: 'Confirm and continue' })
    service().given({ network: 'down' })
    await open()
    await screen.findByText(/can’t connect/)
    await screen.findByRole('button', { name: 'Try again' })
    await settled()
  },
}

/** The plan ends while the dialog is open: it says why it cannot go on. */
export const Refused: Story = {
  play: async () => {
    const button = await screen.findByRole('button', { name: 'Confirm and continue' })
    service().given({ network: 'down' })
    button.click()
    await screen.findByRole('button', { name: 'Try again' })
    service().given({ network: 'up', license: licenseOf('basic', { epoch: 2 }) })
    await click('Try again')
    await screen.findByText(/doesn’t include/)
    await settled()
  },
}

/** What was enrolled is gone: only what can prove it is offered, and what was asked for waits. */
export const NothingEnrolled: Story = {
  play: async () => {
    const button = await screen.findByRole('button', { name: 'Confirm and continue' })
    service().given({ network: 'down' })
    button.click()
    await screen.findByRole('button', { name: 'Try again' })
    service().given({ network: 'up', authenticators: [] })
    await click('Try again')
    await screen.findByText(/needs extra security/i)
    await screen.findByRole('button', { name: 'Add an authenticator app' })
    await settled()
  },
}

/** It is not allowed now: the policy says why. */
export const Denied: Story = {
  play: async () => {
    const button = await screen.findByRole('button', { name: 'Confirm and continue' })
    service().given({ network: 'down' })
    button.click()
    await screen.findByRole('button', { name: 'Try again' })
    service().given({ network: 'up', risk: 'critical' })
    await click('Try again')
    await screen.findByRole('button', { name: 'Close' })
    await settled()
  },
}
