import type { Policy } from '@stile/policy'
import type { Proof } from '@stile/protocol'
import type { AttestationTrust } from './attestation/trust.ts'
import type { LoginProviders } from './login-providers/provider.ts'
import type { Mail } from './mail/mail.ts'
import type { Options } from './options/options.ts'
import type { Sealer } from './secrets/seal.ts'
import type { Store } from './stores/store.ts'
import type { Keyring } from './tokens/keyring.ts'

/** The policy in force. */
export type PublishedPolicy = Readonly<{ policy: Policy; revision: number; digest: string }>

/** What every part of the domain gets passed in: nothing in it reads a clock, randomness, the network or a global by itself. */
export type Domain = Readonly<{
  options: Options
  store: Store
  /** Whole seconds since the epoch. */
  now: () => number
  /** Cryptographically strong random bytes. */
  random: (bytes: number) => Uint8Array
  sealer: Sealer
  keyring: Keyring
  /** What the makers of security keys vouch for, and whether that is trusted now. */
  attestation: AttestationTrust
  /** Where users sign in again. */
  logins: LoginProviders
  /** Absent where the operator has configured none: then no codes and notices are sent. */
  mail?: Mail
  /** Throws `policy_unavailable` where none is loaded. */
  policy: () => PublishedPolicy
}>

/** Who is asking: a verified session token together with a verified device proof. */
export type Caller = Readonly<{
  /** Issuer id of the configuration. */
  issuer: string
  sub: string
  /** `<issuer id>|<sub>` */
  subject: string
  account: string
  sid: string
  /** RFC 7638 thumbprint of the device key. */
  jkt: string
  client: string
  /** The primary login as the issuer's acrMap counts it; `authTime` 0 where no time can be trusted. */
  login: Proof
  /** The acting party (RFC 8693 `act.sub`) where someone acts for the subject. */
  actor?: string
  /** Shown in an authenticator app or a passkey prompt; never used to decide. */
  displayName?: string
  /** The address that the login names, in the form that is compared, and whether its issuer says that it is theirs. */
  email?: Readonly<{ address: string; verified: boolean }>
  /** When the session token expires. */
  expiresAt: number
}>
