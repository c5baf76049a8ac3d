import { createHmac } from 'node:crypto'
import { normalizeCode } from '@stile/protocol'
import { deriveKey } from '../secrets/seal.ts'

/** How many recovery codes a subject gets at a time. */
export const RECOVERY_CODES = 10

/** Crockford's base32: no I, L, O and U, which look like others or make words. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 5 bits each: 80 together. A look-up secret of 64 bits and more cannot be guessed (NIST SP 800-63B-4 §3.1.2.2). */
const CHARACTERS = 16
const GROUP = 4
/** The longest text that is looked at, in UTF-16 code units. */
const LONGEST_TYPED = 128

/** Makes a recovery code as people see it: `XXXX-XXXX-XXXX-XXXX`. */
export function makeRecoveryCode(random: (bytes: number) => Uint8Array): string {
  // 256 is a multiple of 32, so that each character is as likely as every other
  const characters = Array.from(random(CHARACTERS), (byte) => ALPHABET.charAt(byte & 31))
  const groups = Array.from({ length: CHARACTERS / GROUP }, (_, index) => characters.slice(index * GROUP, (index + 1) * GROUP).join(''))
  return groups.join('-')
}

/**
 * The sixteen characters of a code as people type it: case, width, spaces and hyphens do not matter, digits may be of any script, and O, I and L
 * are taken for the digits that they look like. `undefined` if it is anything else. Never throws.
 */
export function readRecoveryCode(typed: unknown): string | undefined {
  if (typeof typed !== 'string' || typed.length > LONGEST_TYPED) return undefined
  const text = normalizeCode(typed).replace(/[Ａ-Ｚａ-ｚ]/g, (letter) => letter.normalize('NFKC'))
  // before the case is changed: some letters of other scripts have an ASCII letter as their capital
  if (!/^[0-9A-Za-z]{16}$/.test(text)) return undefined
  const code = text.toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1')
  return code.includes('U') ? undefined : code
}

/**
 * What is kept of a code: its HMAC with a key of the service and the subject, so that a thief of the store can try nothing, and the code
 * of one subject is nothing for another.
 *
 * @param code  what {@link readRecoveryCode} made of it
 */
export function recoveryCodeDigest(secret: Uint8Array, subject: string, code: string): string {
  return createHmac('sha256', deriveKey(secret, 'stile recovery v1')).update(`${subject}\u0000${code}`).digest('base64url')
}
