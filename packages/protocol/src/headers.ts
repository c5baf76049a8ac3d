/** Carries the assurance token if an application already uses `Authorization` for itself. */
export const STILE_ASSURANCE = 'Stile-Assurance'

/** Carries the DPoP proof that belongs to `Stile-Assurance`. */
export const STILE_PROOF = 'Stile-Proof'

/** What CORS must expose (`Access-Control-Expose-Headers`) so that a browser can read challenges, nonces and the time. */
export const EXPOSED_HEADERS = 'WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-ID, Date'
