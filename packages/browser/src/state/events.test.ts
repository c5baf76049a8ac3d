import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readEvents, type ServerEvent } from './events.ts'

async function read(...chunks: (string | Uint8Array)[]): Promise<ServerEvent[]> {
  const found: ServerEvent[] = []
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
      controller.close()
    },
  })
  await readEvents(body, (event) => found.push(event))
  return found
}

test('a message has a name and data; comments and unknown fields are passed over', async () => {
  expect(await read(': hello\n\nid: 7\nevent: state\ndata: {"a":1}\n\nretry: 5\ndata\n\n')).toEqual([
    { event: 'state', data: '{"a":1}' },
    { event: 'message', data: '' },
  ])
})

test('lines of data are joined, and a line may end in CR, LF or both', async () => {
  expect(await read('data: a\r\ndata:b\rdata:  c\n\r', '\nx')).toEqual([{ event: 'message', data: 'a\nb\n c' }])
})

test('a message that was cut off is not given', async () => {
  expect(await read('data: half\n')).toEqual([])
})

test('where the network cuts the stream makes no difference', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''))
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 4 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat(40)),
      async (data, eol, cuts) => {
        const stream = new TextEncoder().encode(`${data.map((each) => `event: e${eol}data: ${each}${eol}${eol}`).join('')}: end\n`)
        const chunks: Uint8Array[] = []
        let at = 0
        for (const cut of cuts) {
          chunks.push(stream.slice(at, at + cut))
          at += cut
        }
        chunks.push(stream.slice(at))
        expect(await read(...chunks)).toEqual(data.map((each) => ({ event: 'e', data: each })))
      },
    ),
    { numRuns: 60 },
  )
})
