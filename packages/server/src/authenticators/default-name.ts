import type { AuthenticatorRecord, TotpData, WebAuthnData } from '../stores/store.ts'

const NAMES: Readonly<Record<(WebAuthnData | TotpData)['method'], string>> = {
  passkey: 'Passkey',
  'security-key': 'Security key',
  totp: 'Authenticator app',
}

/** The name of a new authenticator if none was chosen: what it is, numbered from the second on; never one that is taken. */
export function defaultName(method: keyof typeof NAMES, existing: readonly AuthenticatorRecord[]): string {
  const taken = new Set(existing.map(({ name }) => name))
  const base = NAMES[method]
  let name = base
  for (let number = 2; taken.has(name); number++) name = `${base} ${number}`
  return name
}
