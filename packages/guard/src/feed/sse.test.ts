import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSseReader, type SseEvent, SseOverflow } from './sse.ts'

const readAll = (chunks: readonly string[]): SseEvent[] => {
  const read = createSseReader()
  return chunks.flatMap((chunk) => read(chunk))
}

test('events, comments, fields without a value and several data lines are read as the standard says', () => {
  const text =
    '\uFEFF: hi\nid: g:1\nevent: license\ndata: {"a":1}\n\ndata: one\ndata:two\ndata\n\nevent: nothing\n\nid\nretry: 10\ndata: x\n\ndata: unfinished\n'
  expect(readAll([text])).toEqual([
    { type: 'license', data: '{"a":1}', id: 'g:1' },
    { type: 'message', data: 'one\ntwo\n', id: 'g:1' },
    { type: 'message', data: 'x', id: '' },
  ])
})

test('the events are the same however the text is cut and whichever line ends it has', () => {
  const line = fc.oneof(
    fc.constantFrom('', 'id: 7', 'event: x', 'data: y', ': c', 'data'),
    fc.string({ maxLength: 8 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  )
  const end = fc.constantFrom('\n', '\r\n')
  fc.assert(
    fc.property(fc.array(line), end, fc.array(fc.nat(40)), (lines, ending, cuts) => {
      const whole = lines.map((each) => each + ending).join('')
      const chunks: string[] = []
      let at = 0
      for (const cut of cuts) {
        chunks.push(whole.slice(at, at + cut))
        at += cut
      }
      chunks.push(whole.slice(at))
      expect(readAll(chunks)).toEqual(readAll([lines.map((each) => `${each}\n`).join('')]))
    }),
  )
})

test('threat: an endless line or an endless event fills the memory', () => {
  expect(() => readAll(Array.from({ length: 70 }, () => 'x'.repeat(1_000)))).toThrow(SseOverflow)
  expect(() => readAll(Array.from({ length: 70 }, () => `data: ${'x'.repeat(1_000)}\n`))).toThrow(SseOverflow)
  expect(readAll(Array.from({ length: 200 }, () => `: ${'x'.repeat(1_000)}\n`))).toEqual([])
})
