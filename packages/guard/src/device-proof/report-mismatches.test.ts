import { afterEach, beforeEach, expect, test } from 'vitest'
import { createGuard, type Guard } from '../guard.ts'
import { ada, type Feature, get, license, mfa, ORIGIN, openWire, optionsFor, prove, type Wire } from '../wire.test-support.ts'

let wire: Wire
let guard: Guard<Feature>
const logged: Readonly<Record<string, unknown>>[] = []

beforeEach(async () => {
  logged.length = 0
  wire = await openWire()
  wire.licenses.set('acme', license('enterprise', 1))
  guard = createGuard(optionsFor(wire, { log: (level, _line, fields) => void logged.push({ level, ...fields }) }))
  await guard.ready()
})
afterEach(async () => {
  await guard.close()
  await wire.close()
})

const detailOf = async (htu: string, change: Parameters<typeof prove>[3] = {}): Promise<string> => {
  const token = await wire.token([mfa])
  const headers = { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, htu, change) }
  const result = await guard.authorize(get('/export?code=secret', headers), 'reports.export', ada)
  return result.ok ? '' : `${result.problem.code}: ${result.problem.detail}`
}

test('whoever puts an API behind a proxy reads which URL the proof was for, and which was expected', async () => {
  const detail = await detailOf('http://me:secret@localhost:3000/api/export?code=secret')
  expect(detail).toContain(`Expected htu: ${ORIGIN}/export; received: http://localhost:3000/api/export.`)
  expect(logged).toEqual([{ level: 'warn', claim: 'htu', expected: `${ORIGIN}/export`, received: 'http://localhost:3000/api/export' }])
  expect(detail + JSON.stringify(logged)).not.toContain('secret')
})

test('a wrong method and a wrong clock are told too, and the log hears of one a minute', async () => {
  const { now } = wire.clock
  expect(await detailOf(`${ORIGIN}/export`, { method: 'POST' })).toContain('Expected htm: GET; received: POST.')
  expect(await detailOf(`${ORIGIN}/export`, { claims: { iat: now - 90 } })).toContain(
    `Expected iat: ${now - 60} to ${now + 60}; received: ${now - 90}.`,
  )
  expect(logged).toMatchObject([{ claim: 'htm' }])
  wire.clock.now += 60
  await wire.checkpoint()
  await detailOf('https://other.example/export')
  expect(logged).toMatchObject([{ claim: 'htm' }, { claim: 'htu' }])
})
