/** The longest address, in bytes (RFC 5321 §4.5.3.1.3, without the angle brackets). */
const MAX_BYTES = 254
const MAX_LOCAL_BYTES = 64
/**
 * Atoms and dots (RFC 5322 §3.2.3, RFC 6532): no quoted text, no comment, nothing that a header could break at. Dots may stand in a row and
 * at the end, as in addresses of Japanese carriers, which mail servers take although the grammar has them only in quotes.
 */
const LOCAL = /^(?!\.)[^\s\p{C}\p{Z}"(),:;<>@[\\\]]+$/u
/** Names with dots between; a network address is no mailbox of a person. */
const DOMAIN = /^(?=.{1,253}$)(?:(?!-)[\p{L}\p{M}\p{N}-]{1,63}(?<!-)\.)+(?!-)[\p{L}\p{M}\p{N}-]{2,63}(?<!-)$/u

/**
 * An address in the one form that is kept, compared and mailed: Unicode NFC, without surrounding space, the domain in lower case, the
 * part before the `@` byte for byte.
 *
 * `undefined` for anything but exactly one plain address: display names, lists, quoted parts, comments, control characters, or more
 * than 254 bytes. Never throws.
 */
export function normalizeAddress(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 4 * MAX_BYTES) return undefined
  const text = value.normalize('NFC').replace(/^ +| +$/g, '')
  const at = text.lastIndexOf('@')
  const local = text.slice(0, Math.max(at, 0))
  // what a lower-case letter is made of may be composed again
  const domain = text
    .slice(at + 1)
    .toLowerCase()
    .normalize('NFC')
  if (!LOCAL.test(local) || Buffer.byteLength(local) > MAX_LOCAL_BYTES || !DOMAIN.test(domain)) return undefined
  const address = `${local}@${domain}`
  return Buffer.byteLength(address) <= MAX_BYTES ? address : undefined
}

/** An address that tells its owner which one it is and others little: `a•••@example.com`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@')
  return `${Array.from(address)[0] ?? ''}•••${address.slice(at)}`
}
