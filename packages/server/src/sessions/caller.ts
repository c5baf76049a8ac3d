import type { LoginGap, Proof } from '@stile/protocol'
import type { LoginVoucher } from '../stores/store.ts'

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
  /**
   * The primary login as it counts for this device key: as the issuer's acrMap says, with `authTime` 0 if no time can be trusted, and
   * no more than a session of unknown age if it was given to another key.
   */
  login: Proof
  /** What says that the login was given to this device key. */
  vouchedBy: LoginVoucher
  /** Why no login counts for this device key, if none does. */
  loginGap?: LoginGap
  /** The acting party (RFC 8693 `act.sub`) if someone acts for the subject. */
  actor?: string
  /** Shown in an authenticator app or a passkey prompt; never used to decide. */
  displayName?: string
  /** The address that the login names, in the form that is compared, and whether its issuer says that it is theirs. */
  email?: Readonly<{ address: string; verified: boolean }>
  /** When the session token expires. */
  expiresAt: number
}>
