import { authenticatorOf } from '@stile/testing'
import type { ReactElement } from 'react'
import { expect, screen, userEvent, waitFor } from 'storybook/test'
import { useAuthenticators } from '../hooks/use-authenticators.ts'
import { useRecovery } from '../hooks/use-recovery.ts'
import { focused } from '../shadow.test-support.ts'
import { click, inWorld, MEMBER, type Meta, type StoryObj, service, settled, typeCode } from '../stories.test-support.tsx'

const CODE = '0123-4567-89AB-CDEF'

/** A page on which people manage their authenticators and recovery codes. */
function Page({ byLink }: Readonly<{ byLink?: boolean }>): ReactElement {
  const { authenticators } = useAuthenticators()
  const { status, makeCodes, recover } = useRecovery()
  return (
    <section aria-label="Your security" style={{ maxWidth: 420 }}>
      <ul>
        {authenticators.map(({ id, name, disabled, attestation }) => (
          <li key={id}>
            {name}
            {disabled && <strong> Too many wrong codes: remove it and add it again.</strong>}
            {attestation && attestation !== 'trusted' && <em> Counts like a passkey.</em>}
          </li>
        ))}
      </ul>
      {status && (
        <p>
          Recovery codes left: {status.codesLeft}. Notices go to {status.email?.hint ?? 'nowhere'}.
        </p>
      )}
      <button type="button" onClick={() => makeCodes()}>
        Make codes
      </button>
      <button type="button" onClick={() => recover(byLink ? service().sendRecoveryLink() : undefined)}>
        Get back in
      </button>
    </section>
  )
}

const LOST = { ...MEMBER, email: 'ada@example.com', recoveryCodes: [CODE], recoveryCodesMadeAt: 1 }
/** On this page each story waits for your click. Open one by itself to see it play up to its view of the dialog. */
const meta: Meta<typeof Page> = {
  title: 'Dialog/Recovery',
  component: Page,
  decorators: [inWorld],
  parameters: { world: { given: LOST } },
}
export default meta
type Story = StoryObj<typeof Page>

const open = () => click('Get back in')
const typeRecoveryCode = async (code: string) => {
  await userEvent.type(await screen.findByLabelText('Recovery code'), `${code}{Enter}`)
}

/** What is listed: one that was disabled, and a key that counts for less. */
export const Listed: Story = {
  parameters: {
    world: {
      given: {
        ...LOST,
        authenticators: [
          authenticatorOf('totp', { name: 'Old phone', disabled: true }),
          authenticatorOf('security-key', { name: 'Blue key', attestation: 'untrusted' }),
        ],
      },
    },
  },
  play: async () => {
    await screen.findByText(/too many wrong codes/i)
    await screen.findByText(/\b1\b.*a•••@example\.com/)
  },
}

/** A code is asked for, and what comes after it is said. */
export const Code: Story = {
  play: async () => {
    await open()
    await screen.findByRole('dialog', { name: 'Recover your account' })
    await waitFor(() => expect(focused()).toBe(screen.getByLabelText('Recovery code')))
    await settled()
  },
}

/** The code is wrong: it is said, and what was typed stays. */
export const WrongCode: Story = {
  play: async () => {
    await open()
    await typeRecoveryCode('nonsense')
    await screen.findByText(/isn’t valid/)
    expect(screen.getByLabelText('Recovery code')).toHaveValue('nonsense')
    await settled()
  },
}

/** No codes are left: the dialog says whom to ask. */
export const NoCodes: Story = {
  parameters: { world: { given: { ...LOST, recoveryCodes: [] } } },
  play: async () => {
    await open()
    await screen.findByText(/no recovery codes/)
    await settled()
  },
}

/** The code was accepted: the way to one new authenticator is open. */
export const Accepted: Story = {
  play: async () => {
    await open()
    await typeRecoveryCode(CODE.toLowerCase())
    await screen.findByText(/You’re back in/)
    await screen.findByRole('button', { name: 'Add a security key' })
    await settled()
  },
}

/** The whole way: code, enrolment, and the offer of new codes. */
export const BackIn: Story = {
  play: async (context) => {
    await Accepted.play?.(context)
    await click('Add an authenticator app')
    await typeCode('123456')
    await click('Save')
    await screen.findByRole('dialog', { name: 'Save recovery codes' })
    await click('Not now')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    await screen.findByText(/Recovery codes left: 0\./)
  },
}

/** The link of an administrator: nothing has to be typed. */
export const ByLink: Story = {
  args: { byLink: true },
  play: async () => {
    await open()
    await screen.findByText(/link lets you/)
    await click('Continue')
    await screen.findByText(/You’re back in/)
    await settled()
  },
}

/** Ten codes, shown once: leaving without saving them is not that easy. */
export const Codes: Story = {
  parameters: { world: { given: { ...LOST, recoveryCodes: [] } } },
  play: async () => {
    await click('Make codes')
    await click('Make recovery codes')
    await typeCode('123456')
    await screen.findByRole('dialog', { name: 'Your recovery codes' }, { timeout: 3000 })
    expect(screen.getAllByText(/^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/)).toHaveLength(10)
    await settled()
  },
}

/** Escape does not throw them away. */
export const CodesKept: Story = {
  ...Codes,
  play: async (context) => {
    await Codes.play?.(context)
    await userEvent.keyboard('{Escape}')
    screen.getByRole('dialog').dispatchEvent(new Event('cancel', { cancelable: true }))
    await screen.findByText(/save them first/i)
    await settled()
    expect(screen.getByRole('button', { name: 'I’ve saved them' })).toBeDisabled()
    await userEvent.click(screen.getByLabelText('I’ve put them in a safe place'))
    await click('I’ve saved them')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    await screen.findByText(/Recovery codes left: 10\./)
  },
}
