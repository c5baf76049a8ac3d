import type { FactsDomain } from '../options/domain.ts'
import type { AddressRecord, AddressSource } from '../stores/store.ts'
import { changed, type Mailbox, mailboxIn } from './change.ts'
import { addressChangeNotices } from './notices.ts'

/** What addresses need of their surroundings. */
export type MailboxDomain = Pick<FactsDomain, 'store' | 'now' | 'random' | 'mail'>

/** Somebody who signed in, with the address that their login names. */
export type AddressOwner = Readonly<{
  subject: string
  /** Who acts for the subject, if anybody does. */
  actor?: string
  email?: Readonly<{ address: string; verified: boolean }>
}>

/**
 * The mailbox of a subject; `undefined` if no address is known.
 *
 * The first verified claim is pinned; another one than before begins a change, and the present address is told of it. Somebody who acts for
 * a subject neither has nor changes it.
 */
export async function mailboxOf(domain: MailboxDomain, who: AddressOwner | string): Promise<Mailbox | undefined> {
  if (typeof who !== 'string' && who.actor !== undefined) return undefined
  const subject = typeof who === 'string' ? who : who.subject
  const claim = typeof who !== 'string' && who.email?.verified === true ? who.email.address : undefined
  if (claim !== undefined) return nameAddress(domain, { subject, address: claim, by: 'claim' })
  const record = await domain.store.addresses.get(subject)
  return record === null ? undefined : mailboxIn(record, domain.now())
}

/** Names the address of a subject, by a verified claim or an administrator; answers the mailbox as it is then. */
export async function nameAddress(
  domain: MailboxDomain,
  { subject, address, by }: Readonly<{ subject: string; address: string; by: AddressSource }>,
): Promise<Mailbox> {
  for (;;) {
    const now = domain.now()
    const record = await domain.store.addresses.get(subject)
    const next = changed(record, { subject, address, by, now })
    if (next === undefined) return mailboxIn(record as AddressRecord, now)
    const notices = record === null ? [] : await addressChangeNotices(domain, { before: record, next })
    // another caller was first: look at what it has written
    if (await domain.store.addresses.write({ record: next, notices })) return mailboxIn(next, now)
  }
}
