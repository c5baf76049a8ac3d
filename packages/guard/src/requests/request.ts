/** A header of a request: absent, sent once, or sent more than once. */
export type Header = string | readonly string[] | undefined

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
  header(name: string): Header
}>
