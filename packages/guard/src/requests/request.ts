/** What the guard needs to know of an HTTP request; adapters only translate into it. */
export type GuardRequest = Readonly<{
  /** As it was sent, such as `GET`. */
  method: string
  /** Path and query as they were sent (origin-form, RFC 9112 §3.2.1), such as `/reports?year=2026`; never rewritten by a router. */
  url: string
  /**
   * The value of a header by its lower-case name. An array of more than one says that it was sent more than once, which is refused for
   * the headers that carry credentials.
   */
  header(name: string): string | readonly string[] | undefined
}>

/** The caller as the application itself verified it: by its own cookie, session or token. */
export type Identity = Readonly<{
  /** The id of the issuer in the service's configuration, `[a-z0-9-]{1,32}`: not its URL. */
  issuer: string
  /** The `sub` of the subject at that issuer. */
  sub: string
  /** Who holds the license. */
  account: string
  /** The session of the primary login, where the application knows it: then a token of another session is refused. */
  sid?: string
  /** Who acts for the subject (RFC 8693 `act.sub`), such as support staff: then only features that allow it pass. */
  actor?: string
}>
