import type { Authenticator } from '@stile/protocol'
import { noticeFor } from '../addresses/notice-for.ts'
import { StileError } from '../error.ts'
import { readBody } from '../input/body.ts'
import { namedSubject } from '../input/name.ts'
import { type AcceptedCredentials, acceptedCredentials } from '../methods/webauthn/user-handle.ts'
import type { Caller } from '../sessions/caller.ts'
import { countsNow, publicAuthenticator } from '../standing/counted.ts'
import type { AuthenticatorRecord, NewChange, UsedOperation } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { admit } from './admit.ts'
import { RENAME_BODY } from './body.ts'

/** What the subject has enrolled, and what their browser may forget the rest by. */
export type ListedAuthenticators = Readonly<{ authenticators: readonly Authenticator[]; webauthn?: AcceptedCredentials }>

/** What the subject has enrolled, without keys and secrets. Someone who acts for a subject sees none, and their browser is told nothing. */
export async function listAuthenticators(domain: Domain, caller: Caller): Promise<ListedAuthenticators> {
  if (caller.actor !== undefined) return { authenticators: [] }
  const records = await domain.store.authenticators.list(caller.subject)
  return {
    authenticators: records.map((record) => publicAuthenticator(countsNow(domain, record))),
    webauthn: await acceptedCredentials(domain, caller.subject, records),
  }
}

/**
 * Renames an authenticator; body `{ name }`. Any fresh proof of this session will do, such as that of enrolling it.
 *
 * @throws {StileError} `invalid_request`, `insufficient_user_authentication`, `denied`, `not_found`
 */
export async function renameAuthenticator(domain: Domain, caller: Caller, id: string, body: unknown): Promise<Authenticator> {
  const { name } = readBody(RENAME_BODY, body)
  const { subject } = caller
  const { authenticators } = domain.store
  const former = await found(domain, caller, id)
  const change = { change: 'rename', id, name: former.name, to: name } as const
  const { operation } = await admit(domain, caller, change, { anyProof: true })
  const notices = await noticeFor(domain, caller, 'authenticator_renamed', { method: former.data.method, name, former: former.name })
  const renamed = await authenticators.rename({
    subject,
    id,
    name,
    change: changeOf(domain, subject),
    notices,
    ...(operation && { operation }),
  })
  const record = renamed ? await authenticators.get({ subject, id }) : null
  if (record === null) throw unknownAuthenticator()
  return publicAuthenticator(countsNow(domain, record))
}

/**
 * Removes an authenticator together with every proof that it gave, the tokens that were issued on them, and the devices that it alone
 * vouched for, apart from the one that it is removed on. The last one can be removed too: the next requirement above the session then
 * asks to enrol.
 *
 * @throws {StileError} `insufficient_user_authentication`, `denied`, `not_found`
 */
export async function removeAuthenticator(domain: Domain, caller: Caller, id: string): Promise<void> {
  const { name, data } = await found(domain, caller, id)
  const { operation } = await admit(domain, caller, { change: 'remove', id, method: data.method, name })
  await remove(domain, caller, id, operation)
}

/**
 * Removes an authenticator for an administrator, by the same rules but for the gate: a thief may have enrolled what the owner, let back in,
 * cannot outrank.
 *
 * @throws {StileError} `invalid_request`, `not_found`
 */
export async function removeForAdmin(domain: Domain, text: string, id: string): Promise<void> {
  await remove(domain, namedSubject(domain, text), id)
}

async function remove(domain: Domain, who: Caller | string, id: string, operation?: UsedOperation): Promise<void> {
  const [subject, keepDevice] = typeof who === 'string' ? [who, ''] : [who.subject, who.jkt]
  const change = changeOf(domain, subject)
  // anybody who holds the authenticator holds tokens; everybody else of the subject gets new ones without a prompt
  const revoked: NewChange = { at: change.at, type: 'revoked', subject, before: change.at }
  const former = await domain.store.authenticators.get({ subject, id })
  if (former === null) throw unknownAuthenticator()
  const notices = await noticeFor(domain, who, 'authenticator_removed', { method: former.data.method, name: former.name })
  const removed = await domain.store.authenticators.remove({
    subject,
    id,
    keepDevice,
    changes: [change, revoked],
    notices,
    ...(operation && { operation }),
  })
  if (!removed) throw unknownAuthenticator()
}

/** What a caller wants to change. Someone who acts for the subject is told nothing of it: the gate refuses them. */
async function found(domain: Domain, caller: Caller, id: string): Promise<AuthenticatorRecord> {
  const record = await domain.store.authenticators.get({ subject: caller.subject, id })
  if (record !== null) return record
  throw unknownAuthenticator()
}

function changeOf({ now }: Domain, subject: string): NewChange {
  return { at: now(), type: 'authenticators', subject }
}

function unknownAuthenticator(): StileError {
  return new StileError('not_found', 'There is no such authenticator. Read the list again.')
}
