import type { FactsDomain } from '../../options/domain.ts'
import type { AuthenticatorRecord } from '../../stores/store.ts'

/** 64 bytes is the most (WebAuthn L3 §5.4.3); 32 random ones say nothing of the user, as §14.6.1 asks. */
const USER_HANDLE_BYTES = 32

/** The WebAuthn user handle of a subject, base64url; made when it is first needed, and the same for ever. */
export function userHandleOf(domain: Pick<FactsDomain, 'store' | 'random'>, subject: string): Promise<string> {
  return domain.store.subjects.userHandle(subject, Buffer.from(domain.random(USER_HANDLE_BYTES)).toString('base64url'))
}

/** What a browser needs to forget credentials that were removed here (WebAuthn L3 §5.1.10): ids and user handle are base64url. */
export type AcceptedCredentials = Readonly<{ rpId: string; userId: string; credentialIds: readonly string[] }>

/** Every passkey and security key of a subject, as the Signal API of browsers takes them. */
export async function acceptedCredentials(
  domain: Pick<FactsDomain, 'store' | 'random' | 'options'>,
  subject: string,
  records: readonly AuthenticatorRecord[],
): Promise<AcceptedCredentials> {
  return {
    rpId: domain.options.webauthn.rpId,
    userId: await userHandleOf(domain, subject),
    credentialIds: records.flatMap(({ data }) => (data.method === 'totp' ? [] : [data.credentialId])),
  }
}
