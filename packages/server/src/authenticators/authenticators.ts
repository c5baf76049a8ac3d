import type { Authenticator } from '@stile/protocol'
import { noticeFor } from '../addresses/notice-for.ts'
import { StileError } from '../error.ts'
import { readBody } from '../input/body.ts'
import { namedSubject } from '../input/name.ts'
import { type AcceptedCredentials, acceptedCredentials } from '../methods/webauthn/user-handle.ts'
import type { Caller } from '../sessions/caller.ts'
import { revocation } from '../sessions/end-sessions.ts'
import { countsNow, publicAuthenticator } from '../standing/counted.ts'
import type { AuthenticatorRecord, NewChange, NewNotice, UsedOperation } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { admit } from './admit.ts'
import { RENAME_BODY } from './body.ts'

/** Stands for no device: no key has an empty thumbprint. */
const NO_DEVICE = ''

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
  const former = await found(domain, { subject, id })
  const asked = { change: 'rename', id, name: former.name, to: name } as const
  const { operation } = await admit(domain, caller, asked, { anyProof: true })
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
  const { subject, jkt } = caller
  const { name, data } = await found(domain, { subject, id })
  const { operation } = await admit(domain, caller, { change: 'remove', id, method: data.method, name })
  const record = await found(domain, { subject, id })
  await remove(domain, record, {
    keepDevice: jkt,
    notices: await noticeFor(domain, caller, 'authenticator_removed', saidOf(record)),
    operation,
  })
}

/**
 * Removes an authenticator for an administrator, by the same rules but for the gate: a thief may have enrolled what the owner, let back in,
 * cannot outrank.
 *
 * @throws {StileError} `invalid_request`, `not_found`
 */
export async function removeForAdmin(domain: Domain, text: string, id: string): Promise<void> {
  const subject = namedSubject(domain, text)
  const record = await found(domain, { subject, id })
  await remove(domain, record, { notices: await noticeFor(domain, subject, 'authenticator_removed', saidOf(record)) })
}

/** What comes with a removal. */
type Removing = Readonly<{
  /** The device that stays known although nothing else may vouch for it. Default: none. */
  keepDevice?: string
  operation?: UsedOperation | undefined
  notices: readonly NewNotice[]
}>

async function remove(
  domain: Domain,
  { subject, id }: AuthenticatorRecord,
  { keepDevice = NO_DEVICE, operation, notices }: Removing,
): Promise<void> {
  const change = changeOf(domain, subject)
  const removed = await domain.store.authenticators.remove({
    subject,
    id,
    keepDevice,
    // anybody who holds the authenticator holds tokens; everybody else of the subject gets new ones without a prompt
    changes: [change, revocation({ subject, at: change.at })],
    notices,
    ...(operation && { operation }),
  })
  if (!removed) throw unknownAuthenticator()
}

/** What is to be changed. Someone who acts for the subject is told nothing of it: the gate refuses them. */
async function found(domain: Domain, { subject, id }: Readonly<{ subject: string; id: string }>): Promise<AuthenticatorRecord> {
  const record = await domain.store.authenticators.get({ subject, id })
  if (record !== null) return record
  throw unknownAuthenticator()
}

/** What a notice says of an authenticator. */
function saidOf({ data, name }: AuthenticatorRecord): Readonly<{ method: AuthenticatorRecord['data']['method']; name: string }> {
  return { method: data.method, name }
}

function changeOf({ now }: Domain, subject: string): NewChange {
  return { at: now(), type: 'authenticators', subject }
}

function unknownAuthenticator(): StileError {
  return new StileError('not_found', 'There is no such authenticator. Read the list again.')
}
