import { StepUpGate } from '@stile/react'
import { authenticatorOf, licenseOf } from '@stile/testing'
import type { ReactElement } from 'react'
import { expect, screen, waitFor } from 'storybook/test'
import { click, dark, inWorld, MEMBER, type Meta, narrow, type StoryObj, service, settled, typeCode } from './world.tsx'

/** The dialog opens on a click of the gate, as it does in an application. */
function Page(): ReactElement {
  return (
    <StepUpGate feature="reports.export">
      <p>The export is ready.</p>
    </StepUpGate>
  )
}

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
    await screen.findByText('Needed for: Export reports')
    await waitFor(() => expect(screen.getByLabelText(/6-digit code/)).toHaveFocus())
    await settled()
  },
}

export const CodeDark: Story = dark(Code)
export const CodeNarrow: Story = narrow(Code)

/** The code is wrong: what is left is said, and the field is ready for another. */
export const WrongCode: Story = {
  play: async () => {
    await open()
    await typeCode('000000')
    await screen.findByText('That code is not right. Attempts left: 4.')
    expect(screen.getByLabelText(/6-digit code/)).toHaveAttribute('aria-invalid', 'true')
    await settled()
  },
}

export const WrongCodeDark: Story = dark(WrongCode)
export const WrongCodeNarrow: Story = narrow(WrongCode)

/** Too many wrong codes: this way is closed for a while, and only this one. */
export const Locked: Story = {
  parameters: { world: { given: { ...MEMBER, attempts: 1 } } },
  play: async () => {
    await open()
    await typeCode('000000')
    await screen.findByText(/Too many wrong codes\. Try again in 15 min\./)
    await settled()
  },
}

/** Where several ways would do, the best is started and the others are offered. */
export const AnotherWay: Story = {
  parameters: { world: { given: { ...MEMBER, authenticators: [authenticatorOf('passkey'), authenticatorOf('totp')] } } },
  play: async () => {
    await open()
    await dialog()
    await screen.findByRole('button', { name: 'Use your authenticator app' })
    await settled()
  },
}

/** The subject takes another way than the best. */
export const AnotherWayTaken: Story = {
  ...AnotherWay,
  play: async () => {
    await open()
    await click('Use your authenticator app')
    await screen.findByLabelText(/6-digit code/)
    await screen.findByRole('button', { name: 'Use a passkey' })
    await settled()
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
    await screen.findByText('Not confirmed yet. Nothing has changed.')
  },
}

/** The service went away: it is tried again by itself, and on a click. */
export const Offline: Story = {
  play: async () => {
    await screen.findByRole('button', { name: 'Confirm and continue' })
    service().given({ network: 'down' })
    await open()
    await screen.findByText('The service cannot be reached. Trying again by itself.')
    await screen.findByRole('button', { name: 'Try again' })
    await settled()
  },
}

export const OfflineDark: Story = dark(Offline)

/** The plan ends while the dialog is open: it says why it cannot go on. */
export const Refused: Story = {
  play: async () => {
    const button = await screen.findByRole('button', { name: 'Confirm and continue' })
    service().given({ network: 'down' })
    button.click()
    await screen.findByRole('button', { name: 'Try again' })
    service().given({ network: 'up', license: licenseOf('basic', { epoch: 2 }) })
    await click('Try again')
    await screen.findByText('Your plan does not include this.')
    await settled()
  },
}
