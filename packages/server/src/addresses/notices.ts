import { maskAddress } from '../messages/address.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { AddressRecord, NewNotice } from '../stores/store.ts'

const ID_BYTES = 16
/** How many notices of changes one subject gets in {@link NOTICE_WINDOW_SECONDS}: two logins that disagree must not fill a mailbox. */
const MOST_NOTICES = 5
const NOTICE_WINDOW_SECONDS = 86_400

/** A notice of something that happens now. */
export function newNotice({ now, random }: Pick<FactsDomain, 'now' | 'random'>, notice: Omit<NewNotice, 'id' | 'at'>): NewNotice {
  return { id: `no_${Buffer.from(random(ID_BYTES)).toString('base64url')}`, at: now(), ...notice }
}

/** Tells the present address at once of the one that is to take its place. */
export async function addressChangeNotices(
  domain: Pick<FactsDomain, 'store' | 'now' | 'random' | 'mail'>,
  { before, next }: Readonly<{ before: AddressRecord; next: AddressRecord }>,
): Promise<readonly NewNotice[]> {
  const now = domain.now()
  const { pending } = next
  if (domain.mail === undefined || pending === undefined || pending.address === before.pending?.address) return []
  const { subject } = next
  const budget = { key: `address-notice:${subject}`, now, windowSeconds: NOTICE_WINDOW_SECONDS, limit: MOST_NOTICES }
  if (!(await domain.store.attempts.hit(budget)).counted) return []
  const data = { address: maskAddress(pending.address), settlesAt: pending.settlesAt }
  return [newNotice(domain, { subject, to: next.address, kind: 'address_changed', data })]
}
