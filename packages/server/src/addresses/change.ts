import type { AddressRecord, AddressSource } from '../stores/store.ts'

/** How long a changed address is not sent codes, in seconds: time for its former owner to notice and act. */
export const SETTLE_SECONDS = 259_200

/** The address in force, and until when no codes go there. */
export type Mailbox = Readonly<{ address: string; suspendedUntil?: number }>

/** The address of a record at an instant: one that has waited long enough has taken its place. */
export function mailboxIn(record: AddressRecord, now: number): Mailbox {
  const { address, pending } = settled(record, now)
  return { address, ...(pending && { suspendedUntil: pending.settlesAt }) }
}

/**
 * What becomes of a record if a verified claim or an administrator names an address; `undefined` if nothing does.
 *
 * The first one is pinned. Another one waits for {@link SETTLE_SECONDS}; naming the pinned one again calls that off. A claim counts only
 * if it is another than the last claim: one that merely stays as it was does not undo the word of an administrator. While a change of
 * theirs waits, no claim begins or calls off another.
 */
export function changed(
  record: AddressRecord | null,
  { subject, address, by, now }: Readonly<{ subject: string; address: string; by: AddressSource; now: number }>,
): AddressRecord | undefined {
  const claim = by === 'claim' ? { claimed: address } : {}
  if (record === null) return { subject, version: 1, address, ...claim }
  if (by === 'claim' && record.claimed === address) return undefined
  const { pending, ...rest } = settled(record, now)
  const next = { ...rest, ...claim, version: record.version + 1 }
  // anybody who holds the login must not undo or put off with it what an administrator has begun
  if (pending?.by === 'admin' && by === 'claim') return { ...next, pending }
  if (address === next.address) return next
  if (address === pending?.address) return { ...next, pending }
  return { ...next, pending: { address, by, settlesAt: now + SETTLE_SECONDS } }
}

function settled(record: AddressRecord, now: number): AddressRecord {
  const { pending, ...rest } = record
  return pending === undefined || now < pending.settlesAt ? record : { ...rest, address: pending.address }
}
