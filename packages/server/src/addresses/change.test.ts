import { describe, expect, test } from 'vitest'
import type { AddressRecord, AddressSource } from '../stores/store.ts'
import { changed, mailboxIn, SETTLE_SECONDS } from './change.ts'

const T0 = 1_800_000_000
const [A, B, C] = ['a@example.com', 'b@example.com', 'c@example.com']

/** What a record is after words that were said one after the other. */
function after(...words: readonly (readonly [by: AddressSource, address: string, at?: number])[]): AddressRecord {
  let record: AddressRecord | null = null
  for (const [by, address, at = 0] of words) record = changed(record, { subject: 'main|ada', address, by, now: T0 + at }) ?? record
  return record as unknown as AddressRecord
}

const mailbox = (record: AddressRecord, at = 0) => mailboxIn(record, T0 + at)
const suspended = (address: string, from = 0) => ({ address, suspendedUntil: T0 + from + SETTLE_SECONDS })

describe('the pinned address', () => {
  test('is the first that a verified claim or an administrator names', () => {
    expect(mailbox(after(['claim', A]))).toEqual({ address: A })
    expect(mailbox(after(['admin', A]))).toEqual({ address: A })
    expect(SETTLE_SECONDS).toBe(72 * 3600)
  })

  test.each(['claim', 'admin'] as const)('threat: an attacker who changes the address (%s) would get codes at once', (by) => {
    const record = after(['claim', A], [by, B, 10])
    expect(mailbox(record, 10)).toEqual(suspended(A, 10))
    expect(mailbox(record, 10 + SETTLE_SECONDS - 1)).toEqual(suspended(A, 10))
    expect(mailbox(record, 10 + SETTLE_SECONDS)).toEqual({ address: B })
  })

  test('stays if the former claim comes back in time', () => {
    const record = after(['claim', A], ['claim', B, 10], ['claim', A, 20])
    expect(mailbox(record, 20)).toEqual({ address: A })
    expect(mailbox(record, 10 + SETTLE_SECONDS)).toEqual({ address: A })
  })

  test('threat: a change that was called off would go on where it stopped', () => {
    const record = after(['claim', A], ['claim', B], ['claim', A, SETTLE_SECONDS - 2], ['claim', B, SETTLE_SECONDS - 1])
    expect(mailbox(record, SETTLE_SECONDS)).toEqual(suspended(A, SETTLE_SECONDS - 1))
  })

  test('waits again if a third address comes, and not if the second is named again', () => {
    expect(mailbox(after(['claim', A], ['claim', B], ['claim', C, 50]), 50)).toEqual(suspended(A, 50))
    expect(mailbox(after(['claim', A], ['claim', B], ['admin', B, 50]), 50)).toEqual(suspended(A))
  })

  test('changes back only after another wait, once the change was settled', () => {
    const record = after(['claim', A], ['claim', B], ['claim', A, SETTLE_SECONDS])
    expect(mailbox(record, SETTLE_SECONDS)).toEqual(suspended(B, SETTLE_SECONDS))
  })

  test('threat: a claim that merely stays as it was would undo the word of an administrator', () => {
    const record = after(['claim', A], ['admin', B], ['claim', A, 1])
    expect(mailbox(record, 1)).toEqual(suspended(A))
    expect(mailbox(after(['claim', A], ['admin', B], ['claim', A, SETTLE_SECONDS + 1]), SETTLE_SECONDS + 1)).toEqual({ address: B })
    // nor does the first claim, if it is the address that the administrator wants to replace
    expect(mailbox(after(['admin', A], ['admin', B], ['claim', A, 1]), 1)).toEqual(suspended(A))
  })

  test('threat: two claims in turn would undo the word of an administrator', () => {
    const record = after(['claim', A], ['admin', B], ['claim', C, 1], ['claim', A, 2])
    expect(mailbox(record, 2)).toEqual(suspended(A))
    expect(mailbox(record, SETTLE_SECONDS)).toEqual({ address: B })
    // what a claim begins after that waits and is told as ever
    expect(mailbox(after(['claim', A], ['admin', B], ['claim', C, SETTLE_SECONDS]), SETTLE_SECONDS)).toEqual(suspended(B, SETTLE_SECONDS))
  })

  test('an administrator calls off a change by naming the pinned address', () => {
    expect(mailbox(after(['claim', A], ['claim', B], ['admin', A, 1]), 1)).toEqual({ address: A })
  })

  test('nothing is written if nothing changes', () => {
    expect(changed(after(['claim', A]), { subject: 'main|ada', address: A, by: 'claim', now: T0 })).toBeUndefined()
  })
})
