import { modelName } from '../attestation/models.ts'
import type { Caller } from '../sessions/caller.ts'
import type { AuthenticatorRecord, TotpData, WebAuthnData } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'

const NAMES: Readonly<Record<(WebAuthnData | TotpData)['method'], string>> = {
  passkey: 'Passkey',
  'security-key': 'Security key',
  totp: 'Authenticator app',
}
/** Ways to an authenticator that is not part of the device in use. */
const ELSEWHERE: readonly string[] = ['usb', 'nfc', 'ble', 'smart-card', 'hybrid']

/**
 * The name of a new authenticator if none was chosen: its maker or model if that is known, else what it is, and for a passkey of this device
 * which device that is. Numbered from the second on, so that it is never one that is taken.
 */
export async function defaultName(
  { store, now }: Pick<Domain, 'store' | 'now'>,
  caller: Caller,
  { data, existing }: Readonly<{ data: WebAuthnData | TotpData; existing: readonly AuthenticatorRecord[] }>,
): Promise<string> {
  const base = (data.method !== 'totp' && modelName(data.aaguid)) || NAMES[data.method]
  if (data.method !== 'passkey' || base !== NAMES.passkey || data.transports.some((each) => ELSEWHERE.includes(each)))
    return numbered(base, existing)
  const devices = await store.devices.list({ subject: caller.subject, now: now() })
  const device = devices.find(({ jkt }) => jkt === caller.jkt)?.name
  return numbered(device === undefined ? base : `${base} on ${placeOf(device)}`, existing)
}

/** A device is called "Chrome on Windows": the passkey belongs to the platform first. */
function placeOf(device: string): string {
  const [browser, platform] = device.split(' on ')
  return platform === undefined ? device : `${platform}, ${browser}`
}

function numbered(base: string, existing: readonly AuthenticatorRecord[]): string {
  const taken = new Set(existing.map(({ name }) => name))
  let name = base
  for (let number = 2; taken.has(name); number++) name = `${base} ${number}`
  return name
}
