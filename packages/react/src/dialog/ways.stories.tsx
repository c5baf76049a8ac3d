import type { ReactElement } from 'react'
import { expect, screen, userEvent, waitFor } from 'storybook/test'
import { StepUpGate } from '../gate/step-up-gate.tsx'
import { focused } from '../shadow.test-support.ts'
import { click, inWorld, type Meta, mailed, STALE, type StoryObj, service, settled, typeCode } from '../stories.test-support.tsx'

/** A fresh login is enough here, so that a code by mail and signing in again are ways, too. */
function Page(): ReactElement {
  return (
    <StepUpGate feature="contact.change">
      <p>The contact data can be changed.</p>
    </StepUpGate>
  )
}

/** On this page each story waits for your click. Open one by itself to see it play up to its view of the dialog. */
const meta: Meta<typeof Page> = {
  title: 'Dialog/Ways',
  component: Page,
  decorators: [inWorld],
  parameters: { world: { given: { ...STALE, authenticators: [] } } },
}
export default meta
type Story = StoryObj<typeof Page>

const open = () => click('Confirm and continue')
const PROVIDER = { world: { given: { ...STALE, email: null, authenticators: [], loginProvider: 'login.example.com' } } }

/** Keeps the window of the login provider from opening; gives the address that it would have, and windows back to the browser. */
function holdWindows(): () => string {
  const { open: real } = window
  let address = ''
  const location = {
    replace: (url: string) => {
      address = url
    },
  }
  window.open = () => ({ closed: false, close: () => {}, sessionStorage: { removeItem: () => {} }, location }) as unknown as Window
  return () => {
    window.open = real
    return address
  }
}

const signIn = async () => {
  await open()
  await click('Sign in again at login.example.com')
  await screen.findByRole('button', { name: 'Open the window again' })
}

/** A code was sent: the dialog says to which address, and soon another can be asked for. */
export const EmailSent: Story = {
  play: async () => {
    await open()
    await screen.findByText(/sent.*a•••@example\.com/)
    const field = await screen.findByLabelText('6-digit code from the email')
    await waitFor(() => expect(focused()).toBe(field))
    expect(field).toHaveAttribute('autocomplete', 'one-time-code')
    expect(screen.getByRole('button', { name: /Send another code in 0:\d\d/ })).toBeDisabled()
    await settled()
  },
}

/** The code is wrong: what is left is said, and the field is ready for another. */
export const EmailWrong: Story = {
  play: async () => {
    await open()
    await typeCode(mailed() === '000000' ? '111111' : '000000')
    await screen.findByText(/isn’t right.*\b4\b/)
    await settled()
  },
}

const READY = { world: { given: { ...STALE, authenticators: [] }, behind: 31 } }

/** Another code was sent: it is said, the field is empty, and the next one waits longer. */
export const EmailResent: Story = {
  parameters: READY,
  play: async () => {
    await open()
    await screen.findByText(/sent.*a•••@example\.com/)
    service().advance(30)
    await click('Send another code')
    await screen.findByText(/sent another code/)
    expect(service().inbox()).toHaveLength(2)
    expect(focused()).toBe(screen.getByLabelText('6-digit code from the email'))
    expect(screen.getByRole('button', { name: /Send another code in 0:\d\d/ })).toBeDisabled()
    await settled()
  },
}

/** The service finds it too soon: how long to wait is said, and the code that was sent still counts. */
export const EmailTooSoon: Story = {
  parameters: READY,
  play: async () => {
    await open()
    await click('Send another code')
    await screen.findByText(/too soon.*\d+ s/)
    await settled()
    await typeCode(mailed())
    await screen.findByText('The contact data can be changed.')
  },
}

/** The right code opens what asked for it. */
export const EmailRight: Story = {
  play: async () => {
    await open()
    await screen.findByText(/sent.*a•••@example\.com/)
    await typeCode(mailed())
    await screen.findByText('The contact data can be changed.')
  },
}

/** The mail cannot be sent: nothing is counted, and the other way is there. */
export const MailAway: Story = {
  parameters: { world: { given: { ...STALE, authenticators: [], away: ['mail'] } } },
  play: async () => {
    await open()
    await screen.findByText(/couldn’t send the email/)
    await screen.findByRole('button', { name: 'Sign in again' })
    await settled()
  },
}

/** The password is asked for in the dialog, and the application checks it. */
export const Password: Story = {
  parameters: { world: { given: { ...STALE, authenticators: [], email: null }, hasPassword: true } },
  play: async () => {
    await open()
    await screen.findByRole('heading', { name: 'Enter your password to continue' })
    await waitFor(() => expect(focused()).toBe(screen.getByLabelText('Password')))
    await screen.findByText(/Signed in as ada@example\.com/)
    await settled()
  },
}

/** A wrong password is said, and can be typed again. */
export const WrongPassword: Story = {
  ...Password,
  play: async (context) => {
    await Password.play?.(context)
    await userEvent.type(screen.getByLabelText('Password'), 'wrong{Enter}')
    await screen.findByText('That password isn’t right.')
    expect(screen.getByLabelText('Password')).toHaveAttribute('aria-invalid', 'true')
    await settled()
  },
}

/** Signing in again opens a window, so it waits for a click. */
export const Offered: Story = {
  parameters: PROVIDER,
  play: async () => {
    await open()
    await screen.findByRole('button', { name: 'Sign in again at login.example.com' })
    await screen.findByRole('button', { name: 'I can’t use this' })
    await settled()
  },
}

/** The subject signs in again at the login provider, in a window of its own. */
export const SignInAgain: Story = {
  parameters: PROVIDER,
  play: async () => {
    const release = holdWindows()
    await signIn()
    await screen.findByRole('dialog', { name: 'Sign in again at login.example.com' })
    await settled()
    release()
  },
}

/** This browser has lost its key, so that no login counts for it: the subject is told. */
export const SignInAgainLostKey: Story = {
  parameters: { world: { given: { ...PROVIDER.world.given, loginGap: 'login_elsewhere' } } },
  play: async () => {
    const release = holdWindows()
    await signIn()
    await screen.findByText(/need your sign-in once more/)
    await settled()
    release()
  },
}

/** This browser stores no key. */
export const SignInAgainUnstored: Story = {
  parameters: { world: { given: { ...PROVIDER.world.given, loginGap: 'key_not_stored' } } },
  play: async () => {
    const release = holdWindows()
    await signIn()
    await screen.findByText(/can’t remember your sign-in/)
    await settled()
    release()
  },
}

/** Signed in: the page that waited goes on by itself. */
export const SignedIn: Story = {
  parameters: PROVIDER,
  play: async () => {
    const release = holdWindows()
    await signIn()
    await service().answerLogin(release())
    window.dispatchEvent(new Event('focus'))
    await screen.findByText('The contact data can be changed.')
  },
}

/** The login provider is away: nothing is counted. */
export const ProviderAway: Story = {
  parameters: { world: { given: { ...PROVIDER.world.given, away: ['login'] } } },
  play: async () => {
    const release = holdWindows()
    await open()
    await click('Sign in again at login.example.com')
    release()
    await screen.findByText(/can’t reach your sign-in provider/)
    await settled()
  },
}
