import { afterEach, beforeEach, expect, test } from 'vitest'
import { modelName } from '../attestation/models.ts'
import { deviceName } from '../devices/device-name.ts'
import { seeDevice } from '../devices/devices.ts'
import { type Lies, softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { challengeOf, createWorld, type World } from '../step-ups/world.test-support.ts'
import { finishRegistration, startRegistration } from './index.ts'

const CHROME_ON_WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'
const ICLOUD = 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd'
const YUBIKEY = '2fc0579f-8113-47ea-b116-bb5a8db9202a'

let world: World
let caller: Caller
beforeEach(async () => {
  world = await createWorld()
  caller = await world.caller()
  await world.arrive(caller)
})
afterEach(() => world.close())

type Made = Readonly<{ aaguid?: string; transports?: readonly string[]; name?: string; method?: 'passkey' | 'security-key' }>

async function nameOf({ aaguid, transports, name, method = 'passkey' }: Made): Promise<string> {
  const { id, start } = await world.confirmed(caller, () => startRegistration(world.domain, caller, { method }))
  const lies: Lies = aaguid === undefined ? {} : { aaguid: new Uint8Array(Buffer.from(aaguid.replaceAll('-', ''), 'hex')) }
  const device = softAuthenticator()
  const registered = device.register((start as { challenge: string }).challenge, lies) as { response: object }
  const response = transports === undefined ? registered : { ...registered, response: { ...registered.response, transports } }
  const made = await finishRegistration(world.domain, caller, id, { response, ...(name !== undefined && { name }) })
  if (method === 'passkey') world.hold(caller, { method, answer: (stepUp) => device.assert(challengeOf(stepUp)) })
  return made.name
}

test('a passkey is named after who keeps it, and numbered from the second on', async () => {
  expect(await nameOf({ aaguid: ICLOUD })).toBe('iCloud Keychain')
  expect(await nameOf({ aaguid: 'dd4ec289-e01d-41c9-bb89-70fa845d4bf2' })).toBe('iCloud Keychain 2')
  expect(await nameOf({ aaguid: YUBIKEY, transports: ['usb'] })).toBe('YubiKey 5 NFC')
})

test('a security key is named after its model, or else what it is', async () => {
  await nameOf({})
  expect(await nameOf({ method: 'security-key', aaguid: YUBIKEY, transports: ['usb'] })).toBe('YubiKey 5 NFC')
  expect(await nameOf({ method: 'security-key', transports: ['usb'] })).toBe('Security key')
})

test('a name that somebody chose is not replaced, and not given again', async () => {
  expect(await nameOf({ aaguid: ICLOUD, name: 'Mine' })).toBe('Mine')
  expect(await nameOf({ name: 'iCloud Keychain' })).toBe('iCloud Keychain')
  expect(await nameOf({ aaguid: ICLOUD })).toBe('iCloud Keychain 2')
})

test('a passkey of an unknown maker is named after the device that it is on', async () => {
  await seeDevice(world.domain, caller, deviceName(CHROME_ON_WINDOWS))
  expect(await nameOf({})).toBe('Passkey on Windows, Chrome')
  expect(await nameOf({ transports: [] })).toBe('Passkey on Windows, Chrome 2')
  expect(await nameOf({ aaguid: ICLOUD })).toBe('iCloud Keychain')
})

test.each(['usb', 'nfc', 'hybrid'])(
  'a passkey that is elsewhere, reached by %s, is not named after the device in use',
  async (transport) => {
    await seeDevice(world.domain, caller, deviceName(CHROME_ON_WINDOWS))
    expect(await nameOf({ transports: ['internal', transport] })).toBe('Passkey')
  },
)

test('a device that calls itself nothing, or only half, names what is known', async () => {
  expect(await nameOf({})).toBe('Passkey')
  await seeDevice(world.domain, caller, 'Windows')
  expect(await nameOf({})).toBe('Passkey on Windows')
})

test('no AAGUID but a known one has a name', () => {
  expect(modelName(YUBIKEY)).toBe('YubiKey 5 NFC')
  for (const other of ['00000000-0000-0000-0000-000000000000', YUBIKEY.toUpperCase(), '', 'constructor', '__proto__'])
    expect(modelName(other)).toBeUndefined()
})
