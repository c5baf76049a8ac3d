import { authenticatorOf } from '@stile/testing'
import type { ReactElement } from 'react'
import { expect, screen, waitFor } from 'storybook/test'
import { click, codeOf, inWorld, MEMBER, type Meta, type StoryObj, service, typeCode } from '../stories.test-support.tsx'
import source from './use-devices.stories.tsx?raw'
import { useDevices } from './use-devices.ts'

function Devices(): ReactElement {
  const { devices, failed, reload, forget } = useDevices()
  return (
    <section aria-label="Devices">
      {!devices && !failed && <p>One moment…</p>}
      <ul>
        {devices?.map(({ id, name, current }) => (
          <li key={id}>
            {name ?? 'A device'}{' '}
            {current ? (
              '(this one)'
            ) : (
              <button type="button" onClick={() => forget(id).catch(() => {})}>
                Sign out and forget
              </button>
            )}
          </li>
        ))}
      </ul>
      {failed && <p role="alert">Your devices can’t be read.</p>}
      <button type="button" onClick={reload}>
        Read again
      </button>
    </section>
  )
}

const NOW = Math.floor(Date.now() / 1000)
const DEVICES = [
  { id: 'this-device', name: 'Chrome on Linux', firstSeenAt: NOW, lastSeenAt: NOW, known: true, current: true },
  { id: 'old-phone', name: 'Safari on iPhone', firstSeenAt: NOW - 9e6, lastSeenAt: NOW - 8e6, known: true, current: false },
]

/**
 * `useDevices()` gives the devices that are known or signed in, with `forget` to sign one out and `reload` to read them again. It takes no
 * options. Forgetting another device asks for a proof by itself if the service wants one.
 */
const meta: Meta<typeof Devices> = {
  title: 'Hooks/useDevices',
  component: Devices,
  decorators: [inWorld],
  parameters: {
    ...codeOf('Devices', source),
    controls: { disable: true },
    world: { given: { ...MEMBER, authenticators: [authenticatorOf('totp')], devices: DEVICES } },
  },
}
export default meta
type Story = StoryObj<typeof Devices>

/** This device, and one that has not been used for a while. */
export const Listed: Story = {
  play: async () => {
    await screen.findByText(/Chrome on Linux.*\(this one\)/)
    await screen.findByText(/Safari on iPhone/)
  },
}

/** Forgotten, after a proof: it is signed out, and not known any more. */
export const Forgotten: Story = {
  play: async () => {
    await click('Sign out and forget')
    await typeCode('123456')
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Sign out and forget' })).toBeNull())
    expect(service().world().devices).toHaveLength(1)
  },
}

/** They cannot be read again: what was read before stays, and it can be tried again. */
export const Failed: Story = {
  play: async () => {
    await screen.findByText(/Safari on iPhone/)
    service().given({ network: 'down' })
    await click('Read again')
    await screen.findByText('Your devices can’t be read.')
    await screen.findByText(/Safari on iPhone/)
    service().given({ network: 'up' })
    await click('Read again')
    await waitFor(() => expect(screen.queryByText('Your devices can’t be read.')).toBeNull())
  },
}
