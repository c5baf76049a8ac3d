import type { Domain } from '../../domain.ts'

/** 64 bytes is the most (WebAuthn L3 §5.4.3); 32 random ones say nothing of the user, as §14.6.1 asks. */
const USER_HANDLE_BYTES = 32

/** The WebAuthn user handle of a subject, base64url; made when it is first needed, and the same for ever. */
export function userHandleOf(domain: Pick<Domain, 'store' | 'random'>, subject: string): Promise<string> {
  return domain.store.subjects.userHandle(subject, Buffer.from(domain.random(USER_HANDLE_BYTES)).toString('base64url'))
}
