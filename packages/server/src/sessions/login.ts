import { type LoginGap, type Proof, rank } from '@stile/protocol'
import type { LoginClaim, LoginVoucher } from '../stores/store.ts'
import type { Caller, EndedCaller } from './caller.ts'

/** What an unknown login counts for: there is a session, and nothing else is known. */
const UNKNOWN_LOGIN: Proof = { method: 'login', level: 'session', amr: [], authTime: 0 }

/** What a verified session token says of its login, and what is known of the key that brought it. */
type LoginSource = Readonly<{
  login: Proof
  party: string | undefined
  sid: string | undefined
  /** When the token was made, in seconds since the epoch. */
  issuedAt: number
  /** Whether the token names the key that brought it. */
  confirmed: boolean
  /** Whether the key is stored: a login that belongs to a key which is gone with its page would be nobody's. */
  isStored: boolean
}>

/** Puts it as the store is asked whose it is. */
export function loginClaim({ login, party, sid, issuedAt, confirmed, isStored }: LoginSource): LoginClaim {
  const { authTime } = login
  return {
    ...(party !== undefined && { party }),
    ...(sid !== undefined && { sid }),
    ...(authTime > 0 && { authTime }),
    issuedAt,
    confirmed,
    silent: isSilent(login),
    mayOwn: isStored,
  }
}

/**
 * What a login counts for with a key: in full if anything vouches that it was given to that key, else as a session of unknown age. A token
 * that names its key and says nothing of a login vouches for none: an application mints such a one for any key that its cookie comes with.
 */
export function loginFor(
  { login, isStored }: Pick<LoginSource, 'login' | 'isStored'>,
  found: LoginVoucher,
): Readonly<{ login: Proof; vouchedBy: LoginVoucher; loginGap?: LoginGap }> {
  if (found !== 'none' && !isSilent(login)) return { login, vouchedBy: found }
  return { login: UNKNOWN_LOGIN, vouchedBy: 'none', loginGap: isStored ? 'login_elsewhere' : 'key_not_stored' }
}

/** Whether a token says nothing of its login. */
function isSilent({ authTime, level }: Proof): boolean {
  return authTime === 0 && rank(level) <= rank('session')
}

/** A caller whose login counts for nothing. */
export function withoutLogin(identity: EndedCaller['identity']): Caller {
  return { ...identity, login: UNKNOWN_LOGIN, vouchedBy: 'none' }
}

/** A login as it counts for a key, and when the license was upgraded, if the policy asks for a proof since then. */
type DatedLogin = Pick<Caller, 'login' | 'vouchedBy'> & Readonly<{ raisedAt?: number | undefined }>

/**
 * The proofs of a login. One that only belongs to the first key that brought it does not count as newer than an upgrade: what it counts
 * for beyond the session is dated before.
 */
export function loginProofs({ login, vouchedBy, raisedAt }: DatedLogin): readonly Proof[] {
  const isNewer = raisedAt !== undefined && login.authTime >= raisedAt
  if (vouchedBy === 'issuer' || !isNewer || rank(login.level) <= rank('session')) return [login]
  return [
    { ...login, level: 'session' },
    { ...login, authTime: raisedAt - 1 },
  ]
}
