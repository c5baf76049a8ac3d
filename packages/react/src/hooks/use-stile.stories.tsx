import { type ReactElement, useState } from 'react'
import { screen } from 'storybook/test'
import { click, codeOf, inWorld, MEMBER, type Meta, type StoryObj } from '../stories.test-support.tsx'
import source from './use-stile.stories.tsx?raw'
import { useStile } from './use-stile.ts'

function Proven(): ReactElement {
  const stile = useStile()
  const [found, setFound] = useState('')
  const look = () =>
    stile.token().then(
      ({ acr }) => setFound(`The token says ${acr}.`),
      ({ code }) => setFound(`No token: ${code}.`),
    )
  return (
    <p>
      <button type="button" onClick={look}>
        What is proven?
      </button>{' '}
      <span role="status">{found}</span>
    </p>
  )
}

/**
 * `useStile()` gives the client of the nearest `StileProvider`: `stile.fetch` for requests to your API, `token` for what is proven already, `logout`,
 * `refresh`, and the rest of `@stile/browser`. It takes no options, and throws if there is no provider.
 */
const meta: Meta<typeof Proven> = {
  title: 'Hooks/useStile',
  component: Proven,
  decorators: [inWorld],
  parameters: { ...codeOf('Proven', source), controls: { disable: true } },
}
export default meta
type Story = StoryObj<typeof Proven>

/** A token for what is proven: nothing but the login, and no prompt opens. */
export const Login: Story = {
  play: async () => {
    await click('What is proven?')
    await screen.findByText(/The token says urn:stile:acr:session/)
  },
}

const now = Math.floor(Date.now() / 1000)

/** Once a second factor was given, the token says so. */
export const SecondFactor: Story = {
  parameters: { world: { given: { ...MEMBER, proofs: [{ method: 'totp', level: 'mfa', amr: ['otp', 'mfa'], authTime: now }] } } },
  play: async () => {
    await click('What is proven?')
    await screen.findByText(/The token says urn:stile:acr:mfa/)
  },
}

/** Nobody is signed in: the promise rejects with a code. */
export const SignedOut: Story = {
  parameters: { world: { given: { ...MEMBER, signedIn: false } } },
  play: async () => {
    await click('What is proven?')
    await screen.findByText(/No token: session_unavailable/)
  },
}
