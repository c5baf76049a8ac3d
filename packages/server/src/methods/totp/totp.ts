import { timingSafeEqual } from 'node:crypto'
import type { AttemptFailure } from '@stile/protocol'
import type { Sealer } from '../../secrets/seal.ts'
import type { AuthenticatorRecord, Store } from '../../stores/store.ts'
import { encodeBase32 } from './base32.ts'
import { hotp } from './hotp.ts'

/** The length of a time step in seconds (RFC 6238 §4, X). */
export const TOTP_STEP_SECONDS = 30
/** The length of a shared secret in bytes: 160 bits, the size of the HMAC (RFC 4226 §4, R6). */
export const TOTP_SECRET_BYTES = 20
/** The authentication method references of a right code (RFC 8176). */
export const TOTP_AMR: readonly string[] = ['otp', 'mfa']

const DIGITS = 6
/** How a product is called whose name is nothing but colons. */
const PRODUCT = 'Account'

/** The authenticator whose code it was and the step that was accepted, or why the code was refused. */
export type TotpResult =
  | Readonly<{ ok: true; authenticator: AuthenticatorRecord; step: number }>
  | Readonly<{ ok: false; failure: Extract<AttemptFailure, 'wrong_code' | 'code_used'> }>

/** Where a secret is sealed to: it opens nowhere else. */
export function totpSecretContext(subject: string, id: string): Readonly<{ table: string; subject: string; id: string }> {
  return { table: 'authenticators', subject, id }
}

/**
 * The time step whose code this is, or `undefined`. If it is the code of two steps of the window, it is the older one.
 *
 * Every step of the window is compared, in constant time, so that the time taken does not tell which one was near.
 *
 * @param input.now  seconds since the epoch, of the service: the clock of the browser has no part in it
 * @param input.windowSteps  how many steps before and after the present one are accepted: phones' clocks drift (RFC 6238 §5.2)
 */
export function matchTotp(input: Readonly<{ secret: Uint8Array; code: string; now: number; windowSteps: number }>): number | undefined {
  const { secret, code, now, windowSteps } = input
  const typed = Buffer.from(code)
  if (typed.length !== DIGITS) return undefined
  const present = Math.floor(now / TOTP_STEP_SECONDS)
  let found: number | undefined
  for (let step = Math.max(present - windowSteps, 0); step <= present + windowSteps; step++) {
    const equal = timingSafeEqual(Buffer.from(hotp(secret, step, DIGITS)), typed)
    if (equal && found === undefined) found = step
  }
  return found
}

/**
 * Checks a code against the apps of a subject and remembers its time step, so that each step is accepted once, for all apps together, and
 * never an older one after a newer one (RFC 6238 §5.2, NIST SP 800-63B-4 §3.1.4).
 *
 * Throws only what the store or the sealer throws; then nothing was accepted.
 *
 * @param code  what `typedCode` made of it
 */
export async function verifyTotp(
  input: Readonly<{
    code: string
    authenticators: readonly AuthenticatorRecord[]
    sealer: Sealer
    store: Store
    now: number
    windowSteps: number
  }>,
): Promise<TotpResult> {
  const { code, authenticators, sealer, store, now, windowSteps } = input
  let failure: Extract<TotpResult, { ok: false }>['failure'] = 'wrong_code'
  for (const authenticator of authenticators) {
    if (authenticator.data.method !== 'totp') continue
    const secret = sealer.open(authenticator.data.sealedSecret, totpSecretContext(authenticator.subject, authenticator.id))
    const step = matchTotp({ secret, code, now, windowSteps })
    if (step === undefined) continue
    const { subject, id: authenticatorId } = authenticator
    if (await store.totp.accept({ subject, authenticatorId, step, now })) return { ok: true, authenticator, step }
    failure = 'code_used'
  }
  return { ok: false, failure }
}

/**
 * The URI that an authenticator app reads from a QR code (Key URI Format). Apps part the label at its first colon, percent-encoded or not, so
 * that the issuer may have none: it becomes a space there.
 */
export function otpauthUri(input: Readonly<{ secret: Uint8Array; issuer: string; account: string }>): string {
  const issuer = encodeURIComponent(input.issuer.replace(/\s*:\s*/g, ' ').trim() || PRODUCT)
  const label = `${issuer}:${encodeURIComponent(input.account)}`
  const secret = encodeBase32(input.secret)
  return `otpauth://totp/${label}?secret=${secret}&issuer=${issuer}&algorithm=SHA1&digits=${DIGITS}&period=${TOTP_STEP_SECONDS}`
}
