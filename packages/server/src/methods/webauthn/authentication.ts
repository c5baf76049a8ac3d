import { createHash, verify } from 'node:crypto'
import type { Level } from '@stile/protocol'
import type { AuthenticatorRecord, WebAuthnData } from '../../stores/store.ts'
import { createKeyCache } from './key-cache.ts'
import { check, type Failed, refuseIfThrown, settled } from './refusal.ts'
import { ceremonyOrigins, type RelyingParty } from './relying-party.ts'
import { type AuthenticatorData, checkAuthenticatorData, readAuthenticatorData } from './response/authenticator-data.ts'
import { checkClientData } from './response/client-data.ts'
import { type AssertionResponse, readAssertion } from './response/response.ts'

/** What an authentication is held against. The challenge has been taken from the store before: it can never be answered again. */
export type VerifyAuthentication = Readonly<{
  response: unknown
  /** base64url */
  challenge: string
  /** The credentials that were asked for: those of the subject, of one method, that can meet what is asked; with what they count for now. */
  credentials: readonly AuthenticatorRecord[]
  /** The user handle of the subject, base64url. */
  userHandle: string
  rp: RelyingParty
  userVerification: 'required' | 'preferred'
}>

/** Which credential was proven, how strongly, and what to remember of it. */
export type AuthenticationResult =
  | Readonly<{ ok: true; authenticator: AuthenticatorRecord; level: Level; expectedCounter: number; counter: number; backupState: boolean }>
  | Failed

/**
 * Verifies an authentication by passkey or security key (WebAuthn L3 §7.2), every step that is the server's.
 *
 * Steps 1, 2 and 4 are the browser's. No extension was asked for, so the results of extensions are ignored.
 * Writes nothing: the caller stores the counter by compare-and-set, and a lost race is a failure too. Never throws for what was sent.
 *
 * The level is what the credential counts for if its user was verified, and `mfa` if not. A credential that was enrolled without
 * user verification stays at `mfa`: more would need a proof beside it (uvInitialized, at the end of §7.2).
 */
export function verifyAuthentication(input: VerifyAuthentication): Promise<AuthenticationResult> {
  return settled(async () => {
    const { challenge, credentials, rp, userVerification } = input
    // §7.2 step 3
    const response = readAssertion(input.response)
    // §7.2 step 5: one of the credentials that were asked for, which are the subject's own (step 6)
    const authenticator = credentials.find(({ data }) => data.method !== 'totp' && data.credentialId === response.id)
    check(authenticator !== undefined && authenticator.data.method !== 'totp', 'credential_unknown')
    // §7.2 step 6: a user handle, if there is one, is the subject's
    check(response.userHandle === undefined || response.userHandle === input.userHandle, 'user_handle_mismatch')
    // §7.2 steps 7 to 14
    checkClientData(response.clientDataJSON, { type: 'webauthn.get', challenge, origins: ceremonyOrigins(rp) })
    // §7.2 steps 15 to 18
    const data = await readAuthenticatorData(response.authenticatorData)
    checkAuthenticatorData(data, { rpId: rp.rpId, userVerification })
    // §7.2 step 19: whether a credential can be backed up never changes in its life
    check(data.flags.be === authenticator.data.backupEligible, 'credential_changed')
    // §7.2 steps 20 and 21
    await checkSignature(response, authenticator.data)
    // §7.2 step 22
    checkCounter(data, authenticator.data)
    return {
      ok: true,
      authenticator,
      level: data.flags.uv ? authenticator.level : 'mfa',
      expectedCounter: authenticator.data.counter,
      counter: data.counter,
      backupState: data.flags.bs,
    }
  })
}

const keyOf = createKeyCache()

/** The signature over authenticator data and the hash of the client data, with the key of the credential. */
async function checkSignature(response: AssertionResponse, data: WebAuthnData): Promise<void> {
  const key = await refuseIfThrown('response_malformed', () => keyOf(data.publicKey))
  const hash = createHash('sha256').update(response.clientDataJSON).digest()
  const signed = Buffer.concat([response.authenticatorData, hash])
  // Ed25519 hashes by itself; ES256 and RS256 say which hash they are with
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  check(await refuseIfThrown('signature_invalid', () => verify(digest, signed, key, response.signature)), 'signature_invalid')
}

/** A counter that does not grow means that there is a copy of the authenticator. Passkeys that are synced always say 0. */
function checkCounter({ counter }: AuthenticatorData, data: WebAuthnData): void {
  check((counter === 0 && data.counter === 0) || counter > data.counter, 'counter_regressed')
}
