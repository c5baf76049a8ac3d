import { createHash } from 'node:crypto'
import { parseAuthenticatorData } from '@simplewebauthn/server/helpers'
import { check, refuseIfThrown } from '../refusal.ts'

/** Authenticator data (WebAuthn L3 §6.1), taken apart. */
export type AuthenticatorData = ReturnType<typeof parseAuthenticatorData>

/** Takes authenticator data apart; refuses with `response_malformed`. */
export function readAuthenticatorData(bytes: Uint8Array<ArrayBuffer>): Promise<AuthenticatorData> {
  return refuseIfThrown('response_malformed', () => parseAuthenticatorData(bytes))
}

/**
 * Checks what both ceremonies ask of authenticator data: relying party, presence, verification and sane backup flags (WebAuthn L3 §7.2
 * steps 15 to 18, §7.1 steps 14 to 17).
 */
export function checkAuthenticatorData(
  data: AuthenticatorData,
  expected: Readonly<{ rpId: string; userVerification: 'required' | 'preferred' }>,
): void {
  const { flags } = data
  // §7.2 step 15, §7.1 step 14
  const rpIdHash = createHash('sha256').update(expected.rpId).digest()
  check(rpIdHash.equals(data.rpIdHash), 'rp_mismatch')
  // §7.2 step 16, §7.1 step 15: without a touch no user was verified either
  check(flags.up, 'user_verification_missing')
  // §7.2 step 17, §7.1 step 16
  check(flags.uv || expected.userVerification !== 'required', 'user_verification_missing')
  // §7.2 step 18, §7.1 step 17: what cannot be backed up is not backed up
  check(flags.be || !flags.bs, 'response_malformed')
}
