import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationInWords, LONGEST_SECONDS, parseDuration } from './duration.ts'

test('a duration is a whole number and one unit', () => {
  expect(parseDuration('90s')).toBe(90)
  expect(parseDuration('15m')).toBe(900)
  expect(parseDuration('12h')).toBe(43_200)
  expect(parseDuration('7d')).toBe(604_800)
  expect(parseDuration('0s')).toBe(0)
})

test('what only looks like a duration is none', () => {
  for (const text of ['', '15', 'm', '1.5h', '-1s', '+1s', '1e3s', ' 1s', '1s ', '1S', '01m', '1m30s', '1 m', '١s', '1w', '15min']) {
    expect(parseDuration(text), text).toBeUndefined()
  }
})

test('ten years are the longest', () => {
  expect(parseDuration('3650d')).toBe(LONGEST_SECONDS)
  expect(parseDuration('3651d')).toBeUndefined()
  expect(parseDuration('315360001s')).toBeUndefined()
})

test('any value is a duration within bounds or none, and nothing throws', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const seconds = parseDuration(value)
      return seconds === undefined || (Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= LONGEST_SECONDS)
    }),
  )
})

test('words use the largest unit that divides', () => {
  expect(durationInWords(900)).toBe('15 minutes')
  expect(durationInWords(90)).toBe('90 seconds')
  expect(durationInWords(86_400)).toBe('1 day')
  expect(durationInWords(0)).toBe('0 seconds')
})
