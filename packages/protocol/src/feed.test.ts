import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FeedEvent, parseCheckpoint, parseFeedEvent } from './feed.ts'

const license = { id: 'lic_1', epoch: 1, tier: 'pro', features: [], state: 'active' } as const
const events: readonly FeedEvent[] = [
  { cursor: 1, type: 'license', account: 'acme', license },
  { cursor: 2, type: 'license', account: 'acme', license: null },
  { cursor: 3, type: 'policy', revision: 2, digest: 'd' },
  { cursor: 4, type: 'revoked', sid: 's', before: 5 },
  { cursor: 4, type: 'revoked', account: 'acme', subject: 'demo|1', before: 5 },
  { cursor: 0, type: 'checkpoint', jws: 'a.b.c' },
  { cursor: 5, type: 'keys', withdrawn: [] },
  { cursor: 6, type: 'keys', withdrawn: ['one', 'two'] },
]
const checkpoint = { iss: 'https://stile.example', generation: 'g', seq: 4, iat: 9, policy: { revision: 1, digest: 'd' } }

test.each(events)('reads %j, and ignores members of later versions', (event) => {
  expect(parseFeedEvent({ ...event, later: 1 })).toEqual(event)
})

test.each([
  ['no cursor', { ...events[0], cursor: undefined }],
  ['a cursor that is a string', { ...events[0], cursor: '1' }],
  ['no account', { ...events[0], account: '' }],
  ['no license, which is not the same as none', { ...events[0], license: undefined }],
  ['a license that is not understood', { ...events[0], license: { ...license, state: 'eternal' } }],
  ['no digest', { ...events[2], digest: undefined }],
  ['a revocation of nothing', { ...events[3], sid: undefined }],
  ['a revocation without a time', { ...events[3], before: undefined }],
  ['no signature', { ...events[5], jws: '' }],
  ['withdrawn keys that are no list', { ...events[6], withdrawn: 'one' }],
  ['a withdrawn key without a name', { ...events[6], withdrawn: ['one', ''] }],
  ['keys without what is withdrawn', { ...events[6], withdrawn: undefined }],
  ['an unknown type', { ...events[0], type: 'toString' }],
  ['null', null],
])('%s is no event', (_, value) => {
  expect(parseFeedEvent(value)).toBeUndefined()
})

test('threat: a revocation shrinks to the part that is understood', () => {
  expect(parseFeedEvent({ ...events[4], account: 7 })).toBeUndefined()
  expect(parseFeedEvent({ ...events[4], account: '' })).toBeUndefined()
  expect(parseFeedEvent({ ...events[4], sid: null })).toBeUndefined()
})

test('reads a checkpoint, and nothing that lacks a part of it', () => {
  expect(parseCheckpoint({ ...checkpoint, later: 1 })).toEqual(checkpoint)
  for (const name of Object.keys(checkpoint)) expect(parseCheckpoint({ ...checkpoint, [name]: undefined })).toBeUndefined()
  expect(parseCheckpoint({ ...checkpoint, policy: { revision: '1', digest: 'd' } })).toBeUndefined()
  expect(parseCheckpoint(null)).toBeUndefined()
})

test('property: nothing makes it throw, in whatever member it stands', () => {
  const names = ['cursor', 'account', 'license', 'revision', 'digest', 'sid', 'subject', 'before', 'jws', 'type']
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...events), fc.constantFrom(...names), (value, event, name) => {
      parseFeedEvent(value)
      parseCheckpoint(value)
      parseCheckpoint({ ...checkpoint, policy: value })
      const read = parseFeedEvent({ ...event, [name]: value })
      // as text: JSON has no -0
      const text = JSON.stringify(read)
      if (read) expect(JSON.stringify(parseFeedEvent(JSON.parse(text)))).toBe(text)
    }),
  )
})
