import type { Authenticator } from '@stile/protocol'
import type { Caller, Domain } from '../domain.ts'
import { StileError } from '../error.ts'

/** What the subject has enrolled, oldest first. */
export async function listAuthenticators(_domain: Domain, _caller: Caller): Promise<Readonly<{ authenticators: readonly Authenticator[] }>> {
  throw new StileError('internal', 'Not there yet.')
}

/** Renames an authenticator; body `{ name }`. */
export async function renameAuthenticator(_domain: Domain, _caller: Caller, _id: string, _body: unknown): Promise<Authenticator> {
  throw new StileError('internal', 'Not there yet.')
}

/** Removes an authenticator together with the proofs that it gave. */
export async function removeAuthenticator(_domain: Domain, _caller: Caller, _id: string): Promise<void> {
  throw new StileError('internal', 'Not there yet.')
}
