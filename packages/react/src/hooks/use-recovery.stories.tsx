import type { ReactElement } from 'react'
import { screen, userEvent } from 'storybook/test'
import { click, codeOf, inWorld, MEMBER, type Meta, type StoryObj, service, settled, typeCode } from '../stories.test-support.tsx'
import source from './use-recovery.stories.tsx?raw'
import { useRecovery } from './use-recovery.ts'

function RecoveryCodes({ link }: Readonly<{ link?: () => string }>): ReactElement {
  const { status, makeCodes, recover } = useRecovery()
  return (
    <section aria-label="Recovery">
      <p>{status ? `Recovery codes left: ${status.codesLeft}.` : 'One moment…'}</p>
      <button type="button" onClick={() => makeCodes()}>
        Make new codes
      </button>{' '}
      <button type="button" onClick={() => recover(link?.())}>
        I lost my phone
      </button>
    </section>
  )
}

const CODE = '0123-4567-89AB-CDEF'

/**
 * `useRecovery()` says how many recovery codes are left, makes new ones with `makeCodes()`, and leads people who lost what they had enrolled back
 * in with `recover(link?)`: by a code, or by the token of the link that an administrator has sent.
 */
const meta: Meta<typeof RecoveryCodes> = {
  title: 'Hooks/useRecovery',
  component: RecoveryCodes,
  decorators: [inWorld],
  argTypes: {
    link: {
      control: 'inline-radio',
      options: ['a recovery code', 'a link'],
      mapping: { 'a recovery code': undefined, 'a link': () => service().sendRecoveryLink() },
      description: 'What `recover` is called with: nothing, so that a code is asked for, or the token of a link.',
      type: 'string',
    },
  },
  parameters: {
    ...codeOf('RecoveryCodes', source),
    world: { given: { ...MEMBER, recoveryCodes: [CODE], recoveryCodesMadeAt: 1 } },
  },
}
export default meta
type Story = StoryObj<typeof RecoveryCodes>

/** How many are left. */
export const Status: Story = {
  play: async () => {
    await screen.findByText('Recovery codes left: 1.')
  },
}

/** A code opens the way back in, and is used up. */
export const ByCode: Story = {
  play: async () => {
    await click('I lost my phone')
    await userEvent.type(await screen.findByLabelText('Recovery code'), `${CODE}{Enter}`)
    await screen.findByText(/You’re back in/)
    await settled()
  },
}

/** The link of an administrator needs no code. */
export const ByLink: Story = {
  args: { link: () => service().sendRecoveryLink() },
  play: async () => {
    await click('I lost my phone')
    await screen.findByText(/link lets you/)
    await settled()
  },
}

/** New codes are made after a proof, and shown once. */
export const Made: Story = {
  play: async () => {
    await click('Make new codes')
    await click('Make recovery codes')
    await typeCode('123456')
    await screen.findByRole('dialog', { name: 'Your recovery codes' }, { timeout: 3000 })
    await settled()
  },
}
