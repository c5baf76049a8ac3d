import { StileError } from '../error.ts'
import type { Caller } from '../sessions/caller.ts'
import { sessionKey } from '../sessions/session-key.ts'
import type { RegistrationRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import type { Admitted } from './admit.ts'

/** How long an enrolment stays open, in seconds. */
export const REGISTRATION_SECONDS = 600
/** The most authenticators that one subject can have. */
export const MOST_AUTHENTICATORS = 20
/** How many more a recovery ticket can let in: a thief who has filled an account must not keep its owner out of it. */
const MORE_WITH_TICKET = 10

const REGISTRATION_PREFIX = 'reg_'
const AUTHENTICATOR_PREFIX = 'auth_'

/** The id of a new enrolment. The authenticator that comes of it has the same random part, so that its secret can be sealed to it before. */
export function newRegistrationId(random: Domain['random']): string {
  return REGISTRATION_PREFIX + Buffer.from(random(16)).toString('base64url')
}

/** The id of the authenticator that comes of an enrolment. */
export function authenticatorIdOf(registrationId: string): string {
  return AUTHENTICATOR_PREFIX + registrationId.slice(REGISTRATION_PREFIX.length)
}

/** The most authenticators that a subject can have for one more to be let in by what opened the gate. */
export function mostFor({ ticket }: Admitted['gate']): number {
  return MOST_AUTHENTICATORS + (ticket === undefined ? 0 : MORE_WITH_TICKET)
}

/**
 * The open enrolment of a caller.
 *
 * @throws {StileError} `registration_expired`, in the same words if it is unknown, used up, expired or somebody else's
 */
export async function openRegistration(domain: Domain, caller: Caller, id: string): Promise<RegistrationRecord> {
  const record = /^reg_[A-Za-z0-9_-]{16,64}$/.test(id) ? await domain.store.registrations.get(id) : null
  const own = sessionKey(caller)
  if (record === null || record.expiresAt <= domain.now()) throw registrationExpired()
  if (record.key.subject !== own.subject || record.key.sid !== own.sid || record.key.jkt !== own.jkt) throw registrationExpired()
  return record
}

/** The one answer for every enrolment that cannot go on. */
export function registrationExpired(): StileError {
  return new StileError('registration_expired', 'This enrolment has ended or was finished already. Begin again.')
}

/** The problem if a subject has as many authenticators as there may be. */
export function tooManyAuthenticators(): StileError {
  return new StileError('conflict', `You have ${MOST_AUTHENTICATORS} authenticators, which is the most. Remove one first.`)
}
