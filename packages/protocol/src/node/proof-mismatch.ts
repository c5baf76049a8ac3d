/** A claim of a device proof that is another one than the request needs, for messages: nothing in it is secret. */
export type ProofMismatch = Readonly<{
  claim: 'htm' | 'htu' | 'iat' | 'ath'
  /** What the claim had to be. */
  expected: string
  /** What it was. A text that cannot be such a claim is described, not quoted. */
  received: string
}>

/** The longest URL that is shown, in characters. */
const LONGEST_URL = 200

/** A URL for a message: without user name, password, query and fragment, of which each may hold a secret. */
export function shownUrl(url: string): string {
  const { protocol, origin, pathname } = URL.canParse(url) ? new URL(url) : { protocol: '', origin: '', pathname: '' }
  if (!/^https?:$/.test(protocol)) return 'no absolute http or https URL'
  const text = origin + pathname
  return text.length > LONGEST_URL ? `${text.slice(0, LONGEST_URL)}…` : text
}

/** The name of a method for a message. */
export function shownMethod(method: string): string {
  return /^[A-Za-z]{1,16}$/.test(method) ? method : 'no HTTP method'
}

/** The hash of a token for a message. */
export function shownHash(hash: unknown): string {
  if (hash === undefined) return 'none'
  return typeof hash === 'string' && /^[\w-]{43}$/.test(hash) ? hash : 'no SHA-256 in base64url'
}

/** The part of a sentence that tells a mismatch; empty if there is none. */
export function describeMismatch(mismatch: ProofMismatch | undefined): string {
  return mismatch === undefined ? '' : ` Expected ${mismatch.claim}: ${mismatch.expected}; received: ${mismatch.received}.`
}
