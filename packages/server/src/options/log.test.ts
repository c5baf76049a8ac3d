import { expect, test } from 'vitest'
import { createLog } from './log.ts'

test('a credential that somebody logs by mistake is hidden, wherever it stands', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  log.info(
    { token: 'abc-1', headers: { authorization: 'abc-2', dpop: 'abc-3' }, fault: { request: { cookie: 'abc-4' } }, code: 'not_found' },
    'x',
  )
  expect(lines.join()).not.toContain('abc-')
  expect(lines.join()).toContain('(hidden)')
  expect(lines.join()).toContain('not_found')
})
