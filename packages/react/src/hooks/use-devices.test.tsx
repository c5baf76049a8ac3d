import { screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import { MEMBER, open, typeCode } from '../page.test-support.ts'
import { useDevices } from './use-devices.ts'

const NOW = Math.floor(Date.now() / 1000)
const device = { firstSeenAt: NOW - 60, lastSeenAt: NOW, known: true } as const
const devices = [
  { ...device, id: 'here', name: 'Chrome on Linux', current: true },
  { ...device, id: 'lost', name: 'Firefox on Windows', current: false },
]

function List() {
  const { devices: listed, failed, reload, forget } = useDevices()
  return (
    <>
      <button type="button" onClick={() => void reload()}>
        {failed ? 'Try again' : 'Reload'}
      </button>
      <ul>
        {listed?.map(({ id, name, current }) => (
          <li key={id}>
            {name}
            <button type="button" onClick={() => void forget(id).catch(() => {})}>
              {current ? 'Sign out' : 'Forget'}
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}

test('useDevices forgets a lost device after a proof for that very device', async () => {
  const { service, user } = open(<List />, { given: { ...MEMBER, devices } })
  await user.click(await screen.findByText('Forget'))
  await screen.findByLabelText(/6-digit code/)
  screen.getByText('Sign out and forget Firefox on Windows.')
  expect(service.world().devices).toHaveLength(2)
  await typeCode(user)
  await waitFor(() => expect(screen.queryByText('Forget')).toBeNull())
  expect(service.world().devices).toMatchObject([{ id: 'here' }])
})

test('useDevices signs this one out without a proof', async () => {
  const { service, user } = open(<List />, { given: { ...MEMBER, devices } })
  await user.click(await screen.findByText('Sign out'))
  await waitFor(() => expect(service.world().devices).toMatchObject([{ id: 'lost' }]))
})

test('useDevices says that they could not be read, and reads them again', async () => {
  const { service, user } = open(<List />, { given: { ...MEMBER, devices } })
  await screen.findByText('Forget')
  service.given({ network: 'down' })
  await user.click(screen.getByText('Reload'))
  await screen.findByText('Try again')
  // what was read before is kept
  screen.getByText('Forget')
  service.given({ network: 'up' })
  await user.click(screen.getByText('Try again'))
  await screen.findByText('Reload')
})
