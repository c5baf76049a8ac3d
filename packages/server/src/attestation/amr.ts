import type { Level } from '@stile/protocol'

/**
 * The authentication method references of a WebAuthn proof (RFC 8176): a key (`pop`), and in hardware if its maker's word is trusted
 * (`hwk`); `user` only if the device verified its user; `mfa` because the key comes on top of the login, or of the user it verified.
 *
 * How the user was verified WebAuthn does not tell.
 */
export function webauthnAmr(level: Level): readonly string[] {
  if (level === 'phrh') return ['hwk', 'user', 'mfa']
  return level === 'phr' ? ['pop', 'user', 'mfa'] : ['pop', 'mfa']
}
