import { expect, test } from 'vitest'
import { createQuietLog } from './quiet-log.ts'

test('the same line is written once in half a minute, another one at once, and all again after a change', () => {
  let time = 1_000
  const lines: string[] = []
  const { log, changed } = createQuietLog({
    now: () => time,
    log: (level, message, fields) => lines.push(`${level} ${message} ${fields?.cause}`),
  })
  const write = (cause: string): void => log('warn', 'down', { cause })
  write('one')
  time += 29
  write('one')
  expect(lines).toEqual(['warn down one'])
  write('two')
  time += 1
  write('one')
  expect(lines).toEqual(['warn down one', 'warn down two', 'warn down one'])
  changed()
  write('one')
  expect(lines).toHaveLength(4)
})
