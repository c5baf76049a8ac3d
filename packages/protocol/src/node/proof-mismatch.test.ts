import { expect, test } from 'vitest'
import { describeMismatch, shownHash, shownMethod, shownUrl } from './proof-mismatch.ts'

test('both sides of a mismatch are told; without one nothing is', () => {
  expect(describeMismatch({ claim: 'htm', expected: 'GET', received: 'POST' })).toBe(' Expected htm: GET; received: POST.')
  expect(describeMismatch(undefined)).toBe('')
})

test('a URL is shown without what may be secret, and up to 200 characters', () => {
  const url = `https://api.example/${'a'.repeat(180)}`
  expect(url).toHaveLength(200)
  expect(shownUrl(`${url}?key=secret#secret`)).toBe(url)
  expect(shownUrl(`${url}b`)).toBe(`${url}…`)
  expect(shownUrl('https://ann:secret@api.example/x')).toBe('https://api.example/x')
  for (const none of ['', 'javascript:alert(1)', '/x']) expect(shownUrl(none)).toBe('no absolute http or https URL')
})

test('what is no hash and no method is described, not quoted', () => {
  const hash = 'A'.repeat(43)
  expect(shownHash(hash)).toBe(hash)
  expect(shownHash(undefined)).toBe('none')
  for (const none of [[hash], 'secret', `${hash}A`, 7]) expect(shownHash(none)).toBe('no SHA-256 in base64url')
  expect(shownMethod('PATCH')).toBe('PATCH')
  for (const none of ['', 'GET /secret', 'A'.repeat(17)]) expect(shownMethod(none)).toBe('no HTTP method')
})
