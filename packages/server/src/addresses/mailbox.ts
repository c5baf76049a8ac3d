import type { Caller, Domain } from '../domain.ts'
import { maskAddress } from '../messages/address.ts'
import type { AddressRecord, AddressSource, NewNotice } from '../stores/store.ts'
import { changed, type Mailbox, mailboxIn } from './change.ts'
import { newNotice } from './notices.ts'

/** How many notices of changes one subject gets in {@link NOTICE_WINDOW_SECONDS}: two logins that disagree must not fill a mailbox. */
const MOST_NOTICES = 5
const NOTICE_WINDOW_SECONDS = 86_400

/**
 * The mailbox of a subject, `undefined` where no address is known.
 *
 * A verified claim of the caller is pinned where there is none; another one than before begins a change, of which the present address is
 * told. Whoever acts for a subject neither has nor changes it.
 */
export async function mailboxOf(domain: Domain, who: Caller | string): Promise<Mailbox | undefined> {
  if (typeof who !== 'string' && who.actor !== undefined) return undefined
  const subject = typeof who === 'string' ? who : who.subject
  const claim = typeof who !== 'string' && who.email?.verified === true ? who.email.address : undefined
  if (claim !== undefined) return nameAddress(domain, { subject, address: claim, by: 'claim' })
  const record = await domain.store.addresses.get(subject)
  return record === null ? undefined : mailboxIn(record, domain.now())
}

/** Lets a verified claim or an administrator name the address of a subject; answers the mailbox as it is then. */
export async function nameAddress(
  domain: Domain,
  { subject, address, by }: Readonly<{ subject: string; address: string; by: AddressSource }>,
): Promise<Mailbox> {
  for (;;) {
    const now = domain.now()
    const record = await domain.store.addresses.get(subject)
    const next = changed(record, { subject, address, by, now })
    if (next === undefined) return mailboxIn(record as AddressRecord, now)
    const notices = record === null ? [] : await noticesOf(domain, record, next)
    // somebody else was first: look again at what they made of it
    if (await domain.store.addresses.write({ record: next, notices })) return mailboxIn(next, now)
  }
}

/** The present address is told at once of the one that is to take its place. */
async function noticesOf(domain: Domain, before: AddressRecord, next: AddressRecord): Promise<readonly NewNotice[]> {
  const now = domain.now()
  const { pending } = next
  if (domain.mail === undefined || pending === undefined || pending.address === before.pending?.address) return []
  const { subject } = next
  const budget = { key: `address-notice:${subject}`, now, windowSeconds: NOTICE_WINDOW_SECONDS, limit: MOST_NOTICES }
  if (!(await domain.store.attempts.hit(budget)).counted) return []
  const data = { address: maskAddress(pending.address), settlesAt: pending.settlesAt }
  return [newNotice(domain, { subject, to: next.address, kind: 'address_changed', data })]
}
