import type { LoginGap, Proof } from '@stile/protocol'
import type { StileError } from '../error.ts'
import type { LoginVoucher } from '../stores/store.ts'
import type { PendingProof } from './pending-proof.ts'

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
  /** There if the session token names this device key (`cnf`). */
  confirmed?: true
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

/** Whom a request is of: somebody in a session, or somebody whose session is over. */
export type Recognized = OpenCaller | EndedCaller

/** Somebody in a session. */
export type OpenCaller = Readonly<{
  status: 'open'
  caller: Caller
  /** The device proof of the request, if it is still to be remembered. */
  proof?: PendingProof
}>

/**
 * Somebody whose session was ended or has expired, or whose key found no room in it. Token and key are theirs; a sign-in that the service
 * runs is all that is answered to them.
 */
export type EndedCaller = Readonly<{
  status: 'ended'
  /** Who it is; what their login counts for is not said, because it counts for nothing. */
  identity: Omit<Caller, 'login' | 'vouchedBy' | 'loginGap'>
  /** Whether a sign-in at the login provider begins the session again for their key. */
  reopens: boolean
  /** What everything else is answered with. */
  refusal: StileError
}>
