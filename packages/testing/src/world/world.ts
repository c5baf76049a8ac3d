import type {
  AttemptFailure,
  AttestationStatus,
  Authenticator,
  Band,
  Device,
  Level,
  License,
  LoginGap,
  Method,
  Problem,
  Proof,
} from '@stile/protocol'
import type { Enrollable } from './enrollable.ts'

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
  /** The devices that are known or signed in. Default: this one. */
  devices: readonly Device[]
  risk: Band
  /** The code that the authenticator app shows; it counts once in 30 seconds. */
  code: string
  /** The address that codes and notices go to. Default: none, so that no code by mail is offered. */
  email: string | null
  /** A change of the address was noticed: until then no code goes there. Seconds since the epoch. */
  emailSuspendedUntil: number | null
  /** The host of the login provider that people sign in at again. Default: none, so that the application's own sign-in is asked. */
  loginProvider: string | null
  /** Why no login counts for this browser's key, until the subject signs in again; `null` if one does. */
  loginGap: LoginGap | null
  /** What the service cannot reach. */
  away: readonly ('mail' | 'login')[]
  /** Why every answer of a method is refused, whatever it is. */
  refuses: Readonly<{ [M in Method]?: AttemptFailure }>
  /** What the maker of a security key that is enrolled now vouches for. Default: nothing. */
  attestation: AttestationStatus
  /** The recovery codes that were not used yet. */
  recoveryCodes: readonly string[]
  /** Seconds since the epoch; `null` if none were ever made. */
  recoveryCodesMadeAt: number | null
  /** What a recovery code or link has opened: adding one authenticator. Seconds since the epoch. */
  ticket: Readonly<{ expiresAt: number; by: 'recovery-code' | 'admin' }> | null
  /** Who can help, as sentences name them. */
  help: string
  /** Wrong codes that a step-up, an enrolment or a recovery forgives. */
  attempts: number
  /** Wrong codes in fifteen minutes, over all of them, before no code counts any more. */
  guesses: number
  /** `down`: every request fails and every stream breaks, like a lost connection. `slow`: no answer ever comes. */
  network: 'up' | 'down' | 'slow'
  /** Whether the application has a session token to give. */
  signedIn: boolean
  /** What the service answers to everything, such as `problem('session_ended', '…', { next: { methods: ['relogin'] } })`. Default: nothing. */
  refusal: Problem | null
}>

/** A license as short as a test wants to write it. */
export function licenseOf(tier: string, members: Partial<License> = {}): License {
  return { id: `lic_${tier}`, epoch: 1, tier, features: [], state: 'active', ...members }
}

const NAMES: Readonly<Record<Enrollable, string>> = { passkey: 'Passkey', 'security-key': 'Security key', totp: 'Authenticator app' }

/** An authenticator as short as a test wants to write it; a security key counts as its `attestation` says, `trusted` by default. */
export function authenticatorOf(method: Enrollable, members: Partial<Authenticator> = {}): Authenticator {
  const attestation = method === 'security-key' ? { attestation: members.attestation ?? 'trusted' } : {}
  return {
    id: `auth_${method}`,
    method,
    level: levelOf(method, attestation.attestation),
    name: NAMES[method],
    createdAt: 0,
    boundBy: { method: 'login', level: 'session' },
    ...attestation,
    ...members,
  }
}

function levelOf(method: Enrollable, attestation: AttestationStatus | undefined): Level {
  if (method === 'totp') return 'mfa'
  return attestation === 'trusted' ? 'phrh' : 'phr'
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
    devices: [{ id: 'this-device', name: 'Chrome on Linux', firstSeenAt: now, lastSeenAt: now, known: false, current: true }],
    risk: 'normal',
    code: '123456',
    email: null,
    emailSuspendedUntil: null,
    loginProvider: null,
    loginGap: null,
    away: [],
    refuses: {},
    attestation: 'none',
    recoveryCodes: [],
    recoveryCodesMadeAt: null,
    ticket: null,
    help: 'your administrator',
    attempts: 5,
    guesses: 10,
    network: 'up',
    signedIn: true,
    refusal: null,
  }
}
