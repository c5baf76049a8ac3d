import { authenticatorOf } from '@stile/testing'
import type { ReactElement } from 'react'
import { screen, waitFor } from 'storybook/test'
import { click, codeOf, inWorld, MEMBER, type Meta, type StoryObj, typeCode } from '../stories.test-support.tsx'
import source from './use-authenticators.stories.tsx?raw'
import { useAuthenticators } from './use-authenticators.ts'

function Authenticators(): ReactElement {
  const { authenticators, enroll, rename, remove } = useAuthenticators()
  return (
    <section aria-label="Ways to confirm it’s you">
      <ul>
        {authenticators.map(({ id, name }) => (
          <li key={id}>
            {name}{' '}
            <button type="button" onClick={() => rename(id, 'My phone').catch(() => {})}>
              Call it “My phone”
            </button>{' '}
            <button type="button" onClick={() => remove(id).catch(() => {})}>
              Remove
            </button>
          </li>
        ))}
      </ul>
      {authenticators.length === 0 && <p>Nothing is set up.</p>}
      <button type="button" onClick={() => enroll()}>
        Add another
      </button>
    </section>
  )
}

/**
 * `useAuthenticators()` gives what people have enrolled, kept current, with `enroll`, `rename` and `remove`: for the page on which people look
 * after their account. It takes no options. A change asks for a proof by itself if the service wants one.
 */
const meta: Meta<typeof Authenticators> = {
  title: 'Hooks/useAuthenticators',
  component: Authenticators,
  decorators: [inWorld],
  parameters: { ...codeOf('Authenticators', source), controls: { disable: true } },
}
export default meta
type Story = StoryObj<typeof Authenticators>

/** What is enrolled. */
export const Listed: Story = {
  parameters: { world: { given: { ...MEMBER, authenticators: [authenticatorOf('passkey'), authenticatorOf('totp')] } } },
  play: async () => {
    await screen.findByText('Passkey')
    await screen.findByText('Authenticator app')
  },
}

/** A new name, after a proof. */
export const Renamed: Story = {
  play: async () => {
    await click('Call it “My phone”')
    await typeCode('123456')
    await screen.findByText('My phone')
  },
}

/** Removed, after a proof that counts for this removal alone. */
export const Removed: Story = {
  play: async () => {
    await click('Remove')
    await typeCode('123456')
    await screen.findByText('Nothing is set up.')
  },
}

/** Somebody with nothing yet sets up an authenticator app in the dialog. */
export const Enrolled: Story = {
  parameters: { world: { given: { ...MEMBER, authenticators: [] } } },
  play: async () => {
    await screen.findByText('Nothing is set up.')
    await click('Add another')
    await click('Add an authenticator app')
    await typeCode('123456')
    await click('Save')
    await click('Not now')
    await waitFor(() => screen.getByRole('button', { name: 'Remove' }))
  },
}
