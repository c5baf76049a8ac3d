/**
 * What a session token says of the primary login that it stands for. Nothing in it is chosen by whoever brings the token: its issuer signed
 * all but the last two members, which the service found out itself.
 */
export type LoginClaim = Readonly<{
  /** Whom the issuer gave the token to (`azp`, `client_id`); absent if it does not say. */
  party?: string
  /** The session as the issuer names it; absent if it names none. */
  sid?: string
  /** When the login was given; absent if the issuer does not say. */
  authTime?: number
  /** When the token was made: where its issuer does not say when the login was given, no later than this. */
  issuedAt: number
  /** Whether the issuer gave the token to this very device key (`cnf`). */
  confirmed: boolean
  /**
   * Whether the token says nothing of a login, neither when it was given nor of which level above a session: even if it is confirmed it vouches
   * for none, because an application mints such a one for any key that its cookie comes with. False by default.
   */
  silent?: boolean
  /** Whether the key may become the owner of a login that nobody owns: one that is lost with its page may not. */
  mayOwn: boolean
}>

/**
 * What says that a login was given to a device key: its issuer does, the key was the first to bring it, or nothing does and the login
 * counts for another key or for none.
 */
export type LoginVoucher = 'issuer' | 'first' | 'none'
