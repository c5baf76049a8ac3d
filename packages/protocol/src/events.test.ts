import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ReadEventsOptions, readEvents, type ServerEvent } from './events.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

function streamOf(chunks: readonly (string | Uint8Array)[], onCancel: () => void = () => undefined): ReadableStream<Uint8Array> {
  const left = chunks.map((chunk) => (typeof chunk === 'string' ? utf8(chunk) : chunk))
  return new ReadableStream(
    {
      pull(controller) {
        const next = left.shift()
        if (next) controller.enqueue(next)
        else controller.close()
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  )
}

async function read(chunks: readonly (string | Uint8Array)[], options?: ReadEventsOptions): Promise<ServerEvent[]> {
  const found: ServerEvent[] = []
  for await (const event of readEvents(streamOf(chunks), options)) found.push(event)
  return found
}

/** Cuts bytes at the given distances. */
function cut(whole: Uint8Array, distances: readonly number[]): Uint8Array[] {
  let at = 0
  const parts = distances.map((distance) => {
    at += distance
    return whole.slice(at - distance, at)
  })
  return [...parts, whole.slice(at)]
}

test('reads names, ids, comments, several lines of data and fields without a value as the standard says', async () => {
  const text =
    '\uFEFF: hi\nid: g:1\nevent: license\ndata: {"a":1}\n\ndata: one\ndata:two\ndata\n\nevent: nothing\n\nid\nretry: 10\nDATA: no\ndatax: no\ndata: x\n\ndata: unfinished\n'
  expect(await read([text])).toEqual([
    { event: 'license', data: '{"a":1}', id: 'g:1' },
    { event: 'message', data: 'one\ntwo\n', id: 'g:1' },
    { event: 'message', data: 'x', id: '' },
  ])
})

test('passes over an id with a NUL, which the standard forbids', async () => {
  expect(await read(['id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n'])).toMatchObject([{ id: '7' }, { id: '7' }])
})

test('gives a message with empty data, and none without data', async () => {
  expect(await read(['data\n\nevent: state\nid: 3\n\n\n\n'])).toEqual([{ event: 'message', data: '', id: '' }])
})

test('a line ends in CR, LF or both, and a message that ends in CR is given at once', async () => {
  expect(await read(['data: a\r\ndata:b\rdata:  c\n\r', '\nx'])).toEqual([{ event: 'message', data: 'a\nb\n c', id: '' }])
  expect(await read(['data: a\r\r', '\ndata: b\r', '\n', '\r', '\n'])).toMatchObject([{ data: 'a' }, { data: 'b' }])
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(utf8('data: a\r\r')) })
  expect(await readEvents(body).next()).toMatchObject({ value: { data: 'a' } })
})

test('every pair of cuts gives the same events', async () => {
  const whole = utf8('\uFEFFid: 1\r\ndata: é🙂\r\n\r\n: beat\r\revent: e\ndata: a\rdata: b\n\ndata: half')
  const expected = [
    { event: 'message', data: 'é🙂', id: '1' },
    { event: 'e', data: 'a\nb', id: '1' },
  ]
  for (let first = 0; first <= whole.length; first += 1) {
    for (let second = 0; second <= whole.length - first; second += 1) expect(await read(cut(whole, [first, second]))).toEqual(expected)
  }
})

test('property: neither cuts nor the kind of line ends make a difference', async () => {
  const line = fc.oneof(
    fc.constantFrom('', 'id: 7', 'event: x', 'data: y', ': c', 'data'),
    fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat(9), { maxLength: 40 }),
      async (lines, end, cuts) => {
        const whole = utf8(lines.map((each) => each + end).join(''))
        expect(await read(cut(whole, cuts))).toEqual(await read([lines.map((each) => `${each}\n`).join('')]))
      },
    ),
    { numRuns: 300 },
  )
})

test('tells of everything that arrives, so that a silent connection is noticed', async () => {
  let chunks = 0
  await read([': a\n', ': b', '\n', new Uint8Array([0xc3])], { onChunk: () => (chunks += 1) })
  expect(chunks).toBe(4)
})

test('threat: an endless line or message fills the memory', async () => {
  const refused = new Error('too long')
  const limitOf = (maxLength: number) => ({ limit: { maxLength, tooLong: () => refused } })
  await expect(read(Array(70).fill('x'.repeat(1_000)), limitOf(65_536))).rejects.toBe(refused)
  await expect(read(Array(70).fill(`data: ${'x'.repeat(1_000)}\n`), limitOf(65_536))).rejects.toBe(refused)
  await expect(read([`: ${'x'.repeat(99)}`], limitOf(100))).rejects.toBe(refused)
  await expect(read([`: ${'x'.repeat(99)}\n\ndata: a\n\n`], limitOf(100))).rejects.toBe(refused)
  await expect(read([`data: ${'x'.repeat(90)}\n: ${'x'.repeat(20)}\n\n`], limitOf(100))).rejects.toBe(refused)
  expect(await read(Array(200).fill(`: ${'x'.repeat(1_000)}\n`), limitOf(65_536))).toEqual([])
  expect(await read([`data:${'x'.repeat(95)}\n\n`.repeat(3)], limitOf(100))).toHaveLength(3)
})

test('threat: bytes that are no UTF-8 are read as another text', async () => {
  await expect(read([new Uint8Array([0x64, 0xff, 0x0a])])).rejects.toThrow(TypeError)
})

test('leaving the loop cancels the stream, and so does a message that is too long', async () => {
  for (const options of [{}, { limit: { maxLength: 3, tooLong: () => new Error('too long') } }]) {
    let cancelled = 0
    const body = streamOf(['data: a\n\n', 'data: b\n\n'], () => (cancelled += 1))
    const first = async (): Promise<void> => {
      for await (const { data } of readEvents(body, options)) if (data === 'a') return
    }
    await first().catch(() => undefined)
    expect(cancelled).toBe(1)
  }
})

test('a stream that breaks throws what broke it', async () => {
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('broken')) })
  await expect(readEvents(body).next()).rejects.toThrow('broken')
})
