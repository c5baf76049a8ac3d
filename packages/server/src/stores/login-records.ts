/**
 * What a session token says of the primary login that it stands for. Its issuer has signed all of it but two members: the service found out
 * `silent` itself, and `mayOwn` is the device's own word. That can only give up ownership, never take it from another key.
 */
export type LoginClaim = Readonly<{
  /** Whom the issuer gave the token to (`azp`, `client_id`); absent if it does not say. */
  party?: string
  /** The session as the issuer names it; absent if it names none. */
  sid?: string
  /** When the login was given; absent if the issuer does not say. */
  authTime?: number
  /** When the token was made. If its issuer does not say when the login was given, it was no later than this. */
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
 *
 * A login belongs to the key that its issuer confirms, or to the first key that brought it in a session that may go on: exactly one of a burst.
 * Later logins of a session that the issuer names belong to the owner of the first. Once a login was confirmed, its tokens that name no key
 * belong to nobody; a confirmed token that is `silent` does as much, and belongs to nobody itself. To whom logins belong is remembered even
 * if their key makes room for another.
 */
export type LoginVoucher = 'issuer' | 'first' | 'none'
