import type { Authenticator, Band, License, Method, Proof } from '@stile/protocol'

/** Everything that the service knows of the one subject who is signed in. */
export type World = Readonly<{
  subject: string
  account: string
  /** The license as it counts now: lifecycle and dates are applied already. */
  license: License | null
  /** What has been proven in this session on this device; the primary login is added by itself. */
  proofs: readonly Proof[]
  /** When the primary login was, in seconds since the epoch. Default: when the service was made. */
  loginAt: number
  authenticators: readonly Authenticator[]
  risk: Band
  /** The code that the authenticator app shows. */
  code: string
  /** Wrong codes that a step-up forgives. */
  attempts: number
  /** `down`: every request fails and every stream breaks, like a lost connection. `slow`: no answer ever comes. */
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

/** The world of somebody who has signed in and has nothing else. */
export function newcomer(now: number): World {
  return {
    subject: 'test|subject',
    account: 'account',
    license: null,
    proofs: [],
    loginAt: now,
    authenticators: [],
    risk: 'normal',
    code: '123456',
    attempts: 5,
    network: 'up',
  }
}
