import type { Authenticator, Band, License, Method, Proof } from '@stile/protocol'

/** Everything that the service knows of the one subject who is signed in. */
export type World = Readonly<{
  subject: string
  account: string
  license: License | null
  /** What has been proven in this session on this device; the primary login is added by itself. */
  proofs: readonly Proof[]
  /** How long ago the primary login was, in seconds. */
  loginAgeSeconds: number
  authenticators: readonly Authenticator[]
  risk: Band
  /** The code that the authenticator app shows. */
  code: string
  /** Wrong codes that a step-up forgives. */
  attempts: number
  /** `down`: every request fails like a lost connection. `slow`: no answer ever comes. */
  network: 'up' | 'down' | 'slow'
}>

/** A license as short as a test wants to write it. */
export function licenseOf(tier: string, members: Partial<License> = {}): License {
  return { id: `lic_${tier}`, epoch: 1, tier, features: [], state: 'active', ...members }
}

/** An authenticator as short as a test wants to write it. */
export function authenticatorOf(method: Extract<Method, 'passkey' | 'totp'>, members: Partial<Authenticator> = {}): Authenticator {
  const name = method === 'passkey' ? 'Passkey' : 'Authenticator app'
  return { id: `auth_${method}`, method, level: method === 'passkey' ? 'phr' : 'mfa', name, createdAt: 0, ...members }
}

export const NOBODY_HAS: World = {
  subject: 'test|subject',
  account: 'account',
  license: null,
  proofs: [],
  loginAgeSeconds: 0,
  authenticators: [],
  risk: 'normal',
  code: '123456',
  attempts: 5,
  network: 'up',
}
