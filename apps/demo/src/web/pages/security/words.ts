import type { AttestationStatus, Authenticator, Level, Method } from '@stile/protocol'

/** What people call each kind of authenticator. */
export const KINDS: { readonly [M in Method]?: string } = {
  passkey: 'Passkey',
  'security-key': 'Security key',
  totp: 'Authenticator app',
}

/** What each level means to its owner. */
export const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  session: 'counts like signing in',
  mfa: 'a second factor',
  phr: 'safe from phishing',
  phrh: 'safe from phishing and from being copied',
}

const BOUND_BY: Readonly<Record<Authenticator['boundBy']['method'], string>> = {
  login: 'your sign-in',
  relogin: 'signing in again',
  'email-otp': 'a code by mail',
  totp: 'your authenticator app',
  passkey: 'a passkey',
  'security-key': 'a security key',
  'recovery-code': 'a recovery code',
  admin: 'your administrator',
}

const ATTESTATION: Readonly<Record<Exclude<AttestationStatus, 'trusted'>, string>> = {
  none: 'Its maker says nothing about it, so it counts like a passkey, and does not open what asks for a vouched-for key.',
  untrusted: 'Its maker is not known here, so it counts like a passkey, and does not open what asks for a vouched-for key.',
  not_allowed: 'Its model is not on your company’s list, so it counts like a passkey.',
  revoked: 'Its model was found unsafe, so it counts like a passkey. Replace it.',
  synced: 'It can be copied to other devices, so it counts like a passkey.',
}

const time = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

/** A time in words. */
export function when(seconds: number): string {
  return time.format(new Date(seconds * 1000))
}

/** What is to be said of an authenticator besides its name: when it was added, used, and what proof bound it. */
export function historyOf({ createdAt, lastUsedAt, boundBy }: Authenticator): string {
  const used = lastUsedAt === undefined ? 'not used yet' : `last used ${when(lastUsedAt)}`
  return `Added ${when(createdAt)} with ${BOUND_BY[boundBy.method] ?? boundBy.method}, ${used}.`
}

/** What its owner has to know, such as why it counts for less than it could. */
export function noticesOf({ disabled, attestation, settlesAt }: Authenticator, now: number): readonly string[] {
  return [
    ...(disabled ? ['Too many wrong codes in a row: it counts for nothing now. Remove it and add it again.'] : []),
    ...(attestation !== undefined && attestation !== 'trusted' ? [ATTESTATION[attestation]] : []),
    ...(settlesAt !== undefined && settlesAt > now ? [`It counts in full from ${when(settlesAt)}.`] : []),
  ]
}

const RANK: Readonly<Record<Level, number>> = { session: 0, mfa: 1, phr: 2, phrh: 3 }

/** What removing it would mean, if nothing as strong is left; else `null`. */
export function lossOf(authenticator: Authenticator, all: readonly Authenticator[]): string | null {
  const left = all.filter(({ id, disabled }) => id !== authenticator.id && !disabled)
  if (authenticator.disabled) return null
  if (left.length === 0) {
    return 'This is your last way to confirm it’s you. Without it, whatever asks for more than your sign-in stays closed until you add another.'
  }
  if (left.some(({ level }) => RANK[level] >= RANK[authenticator.level])) return null
  return `This is your last one that is ${LEVEL_WORDS[authenticator.level]}. Whatever asks for that stays closed until you add another.`
}
