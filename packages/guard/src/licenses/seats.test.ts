import type { License } from '@stile/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_BUDGETS } from '../options/memory.ts'
import { license } from '../wire.test-support.ts'
import { createSeats, type Seats } from './seats.ts'

const now = (): number => 1_000
const make = (maxBytes = 1_000_000): Seats => createSeats({ maxBytes, now })
const granted = (cursor: number, epoch = 1): Readonly<{ license: License; cursor: number }> => ({ license: license('pro', epoch), cursor })
const none = (cursor: number) => ({ license: null, cursor })
const told = (seats: Seats, account: string, subject: string): number | null | undefined => {
  const seat = seats.find(account, subject)
  return seat === undefined ? undefined : (seat.license?.epoch ?? null)
}

describe('one license for all members of an account', () => {
  test('threat: somebody whom nobody asked about uses the license of an account. Each member is asked for', () => {
    const seats = make()
    seats.keep('acme', 'demo|ada', granted(5))
    expect([told(seats, 'acme', 'demo|ada'), told(seats, 'acme', 'demo|eve'), told(seats, 'other', 'demo|ada')]).toEqual([
      1,
      undefined,
      undefined,
    ])
  })

  test('threat: a member without a seat is let in by the license of the others, and by the next one', () => {
    const seats = make()
    seats.keep('acme', 'demo|ada', granted(5))
    seats.keep('acme', 'demo|eve', none(5))
    expect([told(seats, 'acme', 'demo|ada'), told(seats, 'acme', 'demo|eve')]).toEqual([1, null])
    seats.change('acme', granted(6, 2))
    expect([told(seats, 'acme', 'demo|ada'), told(seats, 'acme', 'demo|eve')]).toEqual([2, undefined])
  })

  test('threat: all members keep what they had when an account without a license gets one. Each is asked for again', () => {
    const seats = make()
    for (const sub of ['ada', 'eve']) seats.keep('acme', `demo|${sub}`, granted(5))
    seats.change('acme', none(6))
    expect([told(seats, 'acme', 'demo|ada'), told(seats, 'acme', 'demo|eve')]).toEqual([null, null])
    seats.change('acme', granted(7, 2))
    expect([told(seats, 'acme', 'demo|ada'), told(seats, 'acme', 'demo|eve')]).toEqual([undefined, undefined])
    seats.change('acme', none(8))
    seats.keep('acme', 'demo|ada', granted(9, 3))
    expect([told(seats, 'acme', 'demo|ada'), told(seats, 'acme', 'demo|eve')]).toEqual([3, undefined])
  })

  test('threat: an answer that is older than the feed brings a former license back', () => {
    const seats = make()
    seats.keep('acme', 'demo|ada', granted(5))
    seats.change('acme', granted(8, 2))
    seats.keep('acme', 'demo|bob', granted(5))
    seats.change('acme', granted(7, 9))
    expect([told(seats, 'acme', 'demo|ada'), told(seats, 'acme', 'demo|bob')]).toEqual([2, 2])
  })

  test('threat: a seat that was taken is believed because the license of its account is newer than that', () => {
    const seats = make()
    seats.keep('acme', 'demo|eve', granted(5))
    seats.keep('acme', 'demo|ada', granted(9))
    seats.forget({ account: 'acme', subject: 'demo|eve' })
    expect([told(seats, 'acme', 'demo|ada'), told(seats, 'acme', 'demo|eve')]).toEqual([1, undefined])
  })

  test('a subject may be a member of several accounts, and is forgotten in one or in all', () => {
    const seats = make()
    for (const account of ['a', 'b', 'c']) seats.keep(account, 'demo|ada', granted(1))
    const all = () => ['a', 'b', 'c'].map((account) => told(seats, account, 'demo|ada'))
    expect(all()).toEqual([1, 1, 1])
    seats.forget({ account: 'b', subject: 'demo|ada' })
    expect(all()).toEqual([1, undefined, 1])
    seats.forget({ account: 'c' })
    expect(all()).toEqual([1, undefined, undefined])
    seats.forget({ subject: 'demo|ada' })
    expect(all()).toEqual([undefined, undefined, undefined])
    expect(seats.usage()).toMatchObject({ bytes: 0, entries: 0, accounts: 0 })
  })
})

test('threat: the time of one member counts for others of the account. A member who was asked about with others keeps a time of its own', () => {
  let time = 1_000
  const seats = createSeats({ maxBytes: 1_000_000, now: () => time })
  const times = () => ['ada', 'bob', 'eve'].map((subject) => seats.find('acme', `demo|${subject}`)?.filledAt)
  for (const subject of ['ada', 'bob']) seats.keep('acme', `demo|${subject}`, granted(5))
  seats.keep('acme', 'demo|eve', none(5))
  time = 2_000
  seats.keep('acme', 'demo|ada', granted(5), true)
  expect(times()).toEqual([2_000, 1_000, 1_000])
  seats.change('acme', granted(6, 2))
  expect(times()).toEqual([2_000, 1_000, undefined])
  time = 3_000
  seats.keep('acme', 'demo|bob', granted(7, 3))
  expect(times()).toEqual([2_000, 1_000, undefined])
  seats.forget({ subject: 'demo|ada' })
  seats.forget({ subject: 'demo|eve' })
  seats.keep('acme', 'demo|bob', granted(7, 3), true)
  seats.keep('acme', 'demo|eve', none(7), true)
  time = 4_000
  seats.keep('acme', 'demo|eve', none(7), true)
  expect(times()).toEqual([undefined, 3_000, 4_000])
})

describe('the budget', () => {
  test('threat: a flood of subjects, of accounts or of large licenses takes more memory than it may', () => {
    const maxBytes = 100_000
    for (const accountOf of [() => 'acme', (each: number) => `org-${each}`, (each: number) => `org-${each % 10}`]) {
      const seats = make(maxBytes)
      for (let each = 0; each < 5_000; each++) {
        const features = Array.from({ length: each % 50 }, (_, index) => `feature-${index}`)
        seats.keep(accountOf(each), `demo|${each}`, { license: license('pro', each, { features }), cursor: each })
        expect(seats.usage().bytes).toBeLessThanOrEqual(maxBytes)
      }
      expect(seats.usage().evictions).toBeGreaterThan(1_000)
      expect(told(seats, accountOf(4_999), 'demo|4999')).toBe(4_999)
    }
  })

  test('threat: a flood pushes out those who are there. Who comes back stays', () => {
    const seats = make(100_000)
    seats.keep('acme', 'demo|ada', granted(1))
    for (let each = 0; each < 10_000; each++) {
      seats.keep(`org-${each}`, `demo|${each}`, granted(1))
      if (each % 50 === 0) expect(told(seats, 'acme', 'demo|ada')).toBe(1)
    }
  })

  test.each([1, 2, 100_000])('threat: 100,000 members, %i in an account, no longer fit once each has a time of its own', (perAccount) => {
    const seats = make(DEFAULT_BUDGETS.licenses)
    const accountOf = (member: number): string => `account-of-some-length-${Math.floor(member / perAccount)}`
    for (let round = 0; round < 3; round++)
      for (let member = 0; member < 100_000; member++)
        seats.keep(accountOf(member), `demo|auth0|6f1c2b3a4d5e${member}`, granted(5), round > 0)
    expect(seats.usage()).toMatchObject({ entries: 100_000, evictions: 0 })
  })

  test('threat: accounts that change again and again leave something behind each time', () => {
    const seats = make()
    seats.keep('acme', 'demo|ada', granted(1))
    const before = seats.usage().bytes
    for (let cursor = 2; cursor < 1_000; cursor += 3) {
      seats.change('acme', none(cursor))
      seats.change('acme', granted(cursor + 1))
      seats.keep('acme', 'demo|ada', granted(cursor + 2))
    }
    expect(seats.usage()).toMatchObject({ bytes: before, entries: 1, accounts: 1 })
  })
})

test('property: what is told of a member is what the newest word about it says, or nothing; and in the end no byte is left', () => {
  const name = fc.constantFrom('a', 'b')
  const step = fc.record({
    does: fc.constantFrom('keep', 'keep', 'lack', 'change', 'end', 'forget', 'leave'),
    account: name,
    subject: name,
    isSilent: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(1_000, 1_000_000), (steps, maxBytes) => {
      const seats = make(maxBytes)
      // what each member was told last; nobody may be told more
      const model = new Map<string, number | null | undefined>()
      const members = (account: string) => ['a', 'b'].map((subject) => `${account} ${subject}`)
      for (const [index, { does, account, subject, isSilent }] of steps.entries()) {
        const cursor = index + 1
        const key = `${account} ${subject}`
        if (does === 'keep') {
          seats.keep(account, subject, granted(cursor, cursor), isSilent)
          for (const each of members(account)) if (typeof model.get(each) === 'number') model.set(each, cursor)
          model.set(key, cursor)
        } else if (does === 'lack') {
          seats.keep(account, subject, none(cursor), isSilent)
          model.set(key, null)
        } else if (does === 'forget') {
          seats.forget({ account, subject })
          model.delete(key)
        } else if (does === 'leave') {
          seats.forget({ subject })
          for (const each of ['a', 'b']) model.delete(`${each} ${subject}`)
        } else {
          seats.change(account, does === 'end' ? none(cursor) : granted(cursor, cursor))
          for (const each of members(account)) if (model.get(each) === null) model.delete(each)
          for (const each of members(account)) if (model.has(each)) model.set(each, does === 'end' ? null : cursor)
        }
        for (const each of ['a', 'b', 'c'].flatMap((one) => members(one))) {
          const [of = '', who = ''] = each.split(' ')
          const is = told(seats, of, who)
          expect([undefined, model.get(each)]).toContain(is)
        }
        expect(seats.usage().bytes).toBeLessThanOrEqual(maxBytes)
      }
      for (const subject of ['a', 'b']) seats.forget({ subject })
      expect(seats.usage()).toMatchObject({ bytes: 0, entries: 0, accounts: 0 })
    }),
  )
})
