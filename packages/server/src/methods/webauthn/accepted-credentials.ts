import type { Domain } from '../../domain.ts'
import type { AuthenticatorRecord } from '../../stores/store.ts'
import { userHandleOf } from './user-handle.ts'

/** What a browser needs to forget credentials that were removed here (WebAuthn L3 §5.1.10): ids and user handle are base64url. */
export type AcceptedCredentials = Readonly<{ rpId: string; userId: string; credentialIds: readonly string[] }>

/** Every passkey and security key of a subject, as the Signal API of browsers takes them. */
export async function acceptedCredentials(
  domain: Pick<Domain, 'store' | 'random' | 'options'>,
  subject: string,
  records: readonly AuthenticatorRecord[],
): Promise<AcceptedCredentials> {
  return {
    rpId: domain.options.webauthn.rpId,
    userId: await userHandleOf(domain, subject),
    credentialIds: records.flatMap(({ data }) => (data.method === 'totp' ? [] : [data.credentialId])),
  }
}
