import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatPosition, parsePosition } from '../changes/feed.ts'
import { StileError } from '../error.ts'
import { expectedEpoch, matchesEtag, strongEtag } from './endpoint/etag.ts'
import { requestId } from './endpoint/request-id.ts'

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes))

test('whatever comes as request id, what is used cannot break out of a log line or a header', () => {
  fc.assert(fc.property(fc.string(), (text) => /^[A-Za-z0-9._-]{1,64}$/.test(requestId(text, random))))
})

test('a feed position is read as it was written, and everything else is none', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), fc.nat(), (generation, cursor) => {
      expect(parsePosition(formatPosition({ generation, cursor }))).toEqual({ generation, cursor })
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const position = parsePosition(text)
      if (position !== undefined) expect(Number.isSafeInteger(position.cursor)).toBe(true)
    }),
  )
})

test('a condition that cannot be read is an error and never ignored', () => {
  expect(expectedEpoch(undefined)).toBeUndefined()
  expect(expectedEpoch('"3"')).toBe(3)
  for (const header of ['*', '3', 'W/"3"', '"3", "4"', '""', '"-1"', '']) expect(() => expectedEpoch(header), header).toThrow(StileError)
  fc.assert(
    fc.property(fc.string(), (header) => {
      try {
        expect(Number.isSafeInteger(expectedEpoch(header))).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(StileError)
      }
    }),
  )
})

test('a tag is found among several, weak or not, and never by a part of it', () => {
  const tag = strongEtag('abc')
  for (const header of ['"abc"', 'W/"abc"', '"x", "abc"', '*']) expect(matchesEtag(header, tag), header).toBe(true)
  for (const header of [undefined, '', 'abc', '"abcd"', '"ab"']) expect(matchesEtag(header, tag), header).toBe(false)
})
