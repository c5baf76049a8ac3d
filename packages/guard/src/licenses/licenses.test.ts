import { beforeEach, describe, expect, test } from 'vitest'
import { type Contact, createContact } from '../service/contact.ts'
import type { ServiceAnswer } from '../service/service-client.ts'
import { license } from '../wire.test-support.ts'
import { createLicenses, type Licenses } from './licenses.ts'

let time: number
let asked: string[]
/** What the service answers about an account; without an entry it has no license. */
let answers: Map<string, ServiceAnswer | Promise<ServiceAnswer>>
let everybody: ServiceAnswer | undefined
let answerFor: ((path: string) => ServiceAnswer | Promise<ServiceAnswer>) | undefined
let contact: Contact
let licenses: Licenses

const DOWN: ServiceAnswer = { status: 'unreachable', cause: 'down' }
const WRONG_KEY: ServiceAnswer = { status: 'refused', httpStatus: 401, keyRefused: true, cause: 'status 401' }
const refused = (httpStatus: number): ServiceAnswer => ({ status: 'refused', httpStatus, keyRefused: false, cause: `status ${httpStatus}` })

beforeEach(() => {
  time = 1_800_000_000
  asked = []
  answers = new Map()
  everybody = undefined
  answerFor = undefined
  const now = (): number => time
  contact = createContact({ now })
  licenses = createLicenses({
    client: {
      isKeyRefused: () => false,
      async get(path) {
        const account = decodeURIComponent(new URL(path, 'https://stile.example.com').pathname.slice('/v1/licenses/'.length))
        asked.push(account)
        return answerFor?.(path) ?? everybody ?? answers.get(account) ?? { status: 'answered', body: { account, cursor: 1, license: null } }
      },
      open: () => Promise.reject(new Error('no feed here')),
    },
    contact,
    now,
    log: () => undefined,
    outageSeconds: 60,
    staleSeconds: 30,
  })
})

const fill = (account: string, subject = 'demo|ada'): Promise<boolean> => licenses.fill(account, subject)
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `org-${index}`)

test.each<[string, ServiceAnswer]>([
  ['400', refused(400)],
  ['404', refused(404)],
  ['401 of something between', refused(401)],
  ['403 of something between', refused(403)],
  ['an answer about another account', { status: 'answered', body: { account: 'other', cursor: 1, license: null } }],
  ['429', { status: 'unreachable', cause: 'status 429' }],
  ['500', { status: 'unreachable', cause: 'status 500' }],
  ['no answer in time', { status: 'unreachable', cause: 'timeout' }],
])('threat: one account’s %s silences the look-ups of all others', async (_, answer) => {
  answers.set('evil', answer)
  expect(await fill('evil')).toBe(false)
  expect(await fill('acme')).toBe(true)
  answers.delete('evil')
  time += 5
  expect(await fill('evil')).toBe(true)
})

test('threat: a name that the service does not take silences the other members of its account', async () => {
  answers.set('acme', refused(400))
  expect(await fill('acme', 'demo|eve')).toBe(false)
  answers.delete('acme')
  expect([await fill('acme', 'demo|eve'), await fill('acme')]).toEqual([false, true])
})

test('threat: an account that the service fails on is asked for again and again, because others are answered in between', async () => {
  answers.set('evil', DOWN)
  for (let round = 0; round < 20; round++) {
    await fill('evil', `demo|${round}`)
    await fill('acme', `demo|${round}`)
  }
  expect(asked.filter((account) => account === 'evil').length).toBeLessThanOrEqual(2)
  expect(asked.filter((account) => account === 'acme')).toHaveLength(20)
})

test('threat: slow answers about one account leave no room for the others', async () => {
  let release: (answer: ServiceAnswer) => void = () => undefined
  answers.set('evil', new Promise((resolve) => (release = resolve)))
  const slow = Array.from({ length: 600 }, (_, index) => fill('evil', `demo|${index}`))
  expect(await fill('acme')).toBe(true)
  release(DOWN)
  expect((await Promise.all(slow)).some(Boolean)).toBe(false)
  answers.delete('evil')
  time += 5
  expect(await fill('evil')).toBe(true)
})

test('a guard whose key the service refuses asks once in five seconds, whoever it is for', async () => {
  everybody = WRONG_KEY
  for (const account of many(10)) expect(await fill(account)).toBe(false)
  expect(asked).toHaveLength(1)
  time += 5
  everybody = undefined
  expect(await fill('acme')).toBe(true)
})

test('threat: an outage becomes a storm of look-ups by everybody whose license is not known', async () => {
  everybody = DOWN
  for (const account of many(1_000)) expect(await fill(account)).toBe(false)
  expect(asked.length).toBeLessThanOrEqual(40)
  asked.length = 0
  time += 1
  for (const account of many(1_000)) expect(await fill(account)).toBe(false)
  expect(asked.length).toBeLessThanOrEqual(20)
})

test('after an outage a call that succeeds ends the pause of everybody at once', async () => {
  everybody = DOWN
  for (const account of many(100)) await fill(account)
  everybody = undefined
  time += 1
  expect(await fill('acme')).toBe(true)
  for (const account of many(100)) expect(await fill(account)).toBe(true)
})

test.each([
  ['outage', DOWN],
  ['key that was refused', WRONG_KEY],
  ['question that was refused', refused(404)],
])('after an %s a feed that returns ends the pause of everybody at once', async (_, answer) => {
  everybody = answer
  for (const account of many(100)) await fill(account)
  everybody = undefined
  licenses.resume()
  for (const account of many(100)) expect(await fill(account)).toBe(true)
})

test('a license that the feed tells of is asked for at once, although the one before could not be read', async () => {
  answers.set('acme', refused(404))
  await fill('acme')
  answers.delete('acme')
  licenses.apply({ account: 'acme', license: null, cursor: 2 })
  expect(await fill('acme')).toBe(true)
})

test('threat: 100,000 members are active when the service goes away, and a flood of strangers comes. Nobody who was known is forgotten', async () => {
  const accountOf = (member: number): string => `org-${member >> 3}`
  for (let member = 0; member < 100_000; member++) {
    const running = fill(accountOf(member), `demo|${member}`)
    if (member % 50 === 49) await running
  }
  everybody = DOWN
  for (let stranger = 0; stranger < 2_000; stranger++) expect(await fill(`stranger-${stranger}`)).toBe(false)
  time += 59
  let known = 0
  for (let member = 0; member < 100_000; member++) if (licenses.lookup(accountOf(member), `demo|${member}`, false) !== undefined) known += 1
  expect(known).toBe(100_000)
  expect(licenses.usage()).toMatchObject({ entries: 100_000, accounts: 12_500, evictions: 0 })
})

describe('while the feed is silent and the service answers', () => {
  const HOUR = 3_600
  const ACCOUNT = '/v1/licenses/acme?subject='
  let lacking: Set<string>
  const has = (account: string, subject: string) => licenses.lookup(account, subject, false)?.license != null
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  beforeEach(() => {
    lacking = new Set()
    contact.fed()
    answerFor = (path) => {
      const { pathname, searchParams } = new URL(path, 'https://stile.example.com')
      const account = pathname.slice('/v1/licenses/'.length)
      const body = { account, cursor: 1, license: lacking.has(searchParams.get('subject') ?? '') ? null : license('pro', 1) }
      return { status: 'answered', body }
    }
  })

  /** Ada asks every second, Bob every twenty, until Bob's answer is another one. How many seconds that took. */
  const secondsUntilBob = async (isLet: boolean): Promise<number> => {
    const start = time
    for (; time < start + HOUR; time += 1) {
      licenses.lookup('acme', 'demo|ada', false)
      await settled()
      if (time % 20 === 0) {
        const isIn = has('acme', 'demo|bob')
        await settled()
        if (isIn === isLet) break
      }
    }
    return time - start
  }

  test('threat: a member who has lost the seat keeps it because another member of the account was asked for', async () => {
    for (const subject of ['demo|ada', 'demo|bob']) await fill('acme', subject)
    lacking.add('demo|bob')
    expect(await secondsUntilBob(false)).toBeLessThanOrEqual(80)
  })

  test('a member who has got a seat is not kept out because another one who has none was asked for', async () => {
    for (const subject of ['demo|eve', 'demo|ada', 'demo|bob']) {
      if (subject !== 'demo|eve') lacking.add(subject)
      await fill('acme', subject)
    }
    lacking.delete('demo|bob')
    expect(await secondsUntilBob(true)).toBeLessThanOrEqual(80)
  })

  test('each member is asked for once in `staleSeconds`, however often they come', async () => {
    for (const subject of ['demo|ada', 'demo|bob']) await fill('acme', subject)
    asked.length = 0
    for (let second = 0; second < 310; second += 1, time += 1) {
      for (const subject of ['demo|ada', 'demo|bob']) for (let each = 0; each < 5; each++) licenses.lookup('acme', subject, false)
      await settled()
    }
    expect(asked.length).toBeGreaterThanOrEqual(2 * 8)
    expect(asked.length).toBeLessThanOrEqual(2 * 10)
  })

  test('threat: known members who are asked for again leave no room for those whom nobody has asked for yet', async () => {
    const members = Array.from({ length: 2_000 }, (_, each) => [each < 300 ? 'acme' : `org-${each}`, `demo|${each}`] as const)
    for (const [account, subject] of members) await fill(account, subject)
    time += 31
    const answerNow = answerFor
    answerFor = (path) => (path === `${ACCOUNT}demo%7Cnew` ? (answerNow?.(path) as ServiceAnswer) : new Promise(() => undefined))
    for (const [account, subject] of members) expect(has(account, subject)).toBe(true)
    expect(await fill('acme', 'demo|new')).toBe(true)
  })
})
