import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDomain, type TestDomain } from '../domain.test-support.ts'
import { StileError } from '../error.ts'
import { effectiveLicenseOf, listLicenses, readLicense, writeLicense } from './licenses.ts'

let world: TestDomain
beforeEach(async () => {
  world = await createTestDomain()
})
afterEach(() => world.close())

const write = (body: unknown, epoch?: number) => writeLicense(world.domain, 'acme', body, epoch)
const faults = (body: unknown) =>
  write(body).then(
    () => [],
    (error: StileError) => (error.code === 'invalid_request' ? (error.members.errors ?? []).map(({ pointer }) => pointer) : [error.code]),
  )

describe('writing a license', () => {
  test('the first one begins at epoch 1 and counts as a raise', async () => {
    const now = world.clock.now()
    const { record, created, changed } = await write({ tier: 'pro', state: 'active' })
    expect(record).toEqual({
      account: 'acme',
      id: expect.stringMatching(/^lic_[\w-]{22}$/),
      epoch: 1,
      tier: 'pro',
      features: [],
      state: 'active',
      stateSince: now,
      raisedAt: now,
      updatedAt: now,
    })
    expect({ created, changed }).toEqual({ created: true, changed: true })
    expect(await readLicense(world.domain, 'acme')).toEqual(record)
  })

  test('a write that changes nothing keeps the epoch and is not announced', async () => {
    const body = {
      tier: 'pro',
      state: 'active',
      features: ['payouts.approve', 'reports.view'],
      requires: { level: 'mfa', methods: ['totp', 'passkey'] },
    }
    const { record } = await write(body)
    world.clock.advance(60)
    const head = await world.domain.store.changes.head()
    const again = await write({
      ...body,
      features: ['reports.view', 'payouts.approve', 'reports.view'],
      requires: { methods: ['passkey', 'totp'], level: 'mfa' },
    })
    expect(again).toEqual({ record, created: false, changed: false })
    expect(await world.domain.store.changes.head()).toBe(head)
  })

  test.each([
    ['tier', { tier: 'enterprise' }],
    ['state', { state: 'past_due' }],
    ['features', { features: ['reports.view'] }],
    ['end', { endsAt: 1_900_000_000 }],
    ['demand', { requires: { level: 'mfa', maxAgeSeconds: 600 } }],
  ])('another %s raises the epoch and tells everybody', async (_, change) => {
    await write({ tier: 'pro', state: 'active' })
    const head = await world.domain.store.changes.head()
    const { record, changed } = await write({ tier: 'pro', state: 'active', ...change })
    expect({ epoch: record.epoch, changed }).toEqual({ epoch: 2, changed: true })
    expect(await world.domain.store.changes.after({ cursor: head, limit: 10 })).toMatchObject([{ type: 'license', account: 'acme' }])
  })

  test('what a body leaves out is taken away', async () => {
    await write({ tier: 'pro', state: 'active', features: ['payouts.approve'], endsAt: 1_900_000_000, requires: { level: 'mfa' } })
    const { record } = await write({ tier: 'pro', state: 'active' })
    expect(record).toMatchObject({ features: [] })
    expect(record).not.toHaveProperty('endsAt')
    expect(record).not.toHaveProperty('requires')
  })

  test('only a higher tier is a raise; a state begins when it changes', async () => {
    const start = world.clock.now()
    await write({ tier: 'pro', state: 'active' })
    world.clock.advance(10)
    expect((await write({ tier: 'pro', state: 'past_due' })).record).toMatchObject({ raisedAt: start, stateSince: start + 10 })
    world.clock.advance(10)
    expect((await write({ tier: 'basic', state: 'past_due' })).record).toMatchObject({ raisedAt: start, stateSince: start + 10 })
    world.clock.advance(10)
    expect((await write({ tier: 'enterprise', state: 'active' })).record).toMatchObject({ raisedAt: start + 30, stateSince: start + 30 })
  })

  test('a writer who read an older epoch does not overwrite a newer one', async () => {
    await write({ tier: 'pro', state: 'active' })
    await expect(write({ tier: 'basic', state: 'active' }, 0)).rejects.toMatchObject({
      code: 'precondition_failed',
      message: expect.stringContaining('epoch is 1'),
    })
    await expect(write({ tier: 'pro', state: 'active' }, 2)).rejects.toMatchObject({ code: 'precondition_failed' })
    expect((await write({ tier: 'basic', state: 'active' }, 1)).record.epoch).toBe(2)
    await expect(writeLicense(world.domain, 'nobody', { tier: 'pro', state: 'active' }, 1)).rejects.toMatchObject({
      code: 'precondition_failed',
      message: expect.stringContaining('no license'),
    })
  })

  test('of a burst of writers with the same epoch exactly one wins', async () => {
    await write({ tier: 'basic', state: 'active' })
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => write({ tier: 'pro', state: 'active', endsAt: 1_900_000_000 + index }, 1)),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'precondition_failed' })
    expect((await readLicense(world.domain, 'acme')).epoch).toBe(2)
  })

  test('writers without a condition do not lose an epoch to each other', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, (_, index) => write({ tier: 'pro', state: 'active', endsAt: 1_900_000_000 + index })),
    )
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true)
    expect((await readLicense(world.domain, 'acme')).epoch).toBe(4)
  })
})

describe('a body that is wrong', () => {
  test('is told every fault at once, each with what was probably meant, and nothing is written', async () => {
    const body = {
      tier: 'entreprise',
      state: 'actve',
      feature: [],
      features: ['reports.exprot'],
      endsAt: 1.8e12,
      requires: { level: 'mfaa', maxAge: '5m' },
    }
    const error = await write(body).catch((each) => each)
    expect(error).toBeInstanceOf(StileError)
    const told = (error.members.errors as { pointer: string; detail: string }[])
      .map(({ pointer, detail }) => `${pointer} ${detail}`)
      .join('\n')
    expect(told).toContain('/tier The policy has no tier "entreprise". Did you mean "enterprise"?')
    expect(told).toContain('/features/0 The policy has no feature "reports.exprot". Did you mean "reports.export"?')
    expect(told).toContain('There is no member "feature". Did you mean "features"?')
    expect(told).toContain('There is no member "maxAge". Did you mean "maxAgeSeconds"?')
    expect(told).toMatch(/\/state must be one of/)
    expect(told).toMatch(/\/endsAt must be in seconds/)
    expect(told).toMatch(/\/requires\/level must be one of/)
    await expect(readLicense(world.domain, 'acme')).rejects.toMatchObject({ code: 'not_found' })
  })

  test.each([
    ['nothing', undefined, ['']],
    ['a text', 'pro', ['']],
    ['a list', [], ['']],
    ['no tier', { state: 'active' }, ['/tier']],
    ['a name that every object has', { tier: 'constructor', state: 'active' }, ['/tier']],
    ['an end that is no whole second', { tier: 'pro', state: 'active', endsAt: 1.5 }, ['/endsAt']],
    ['a demand that locks everybody out', { tier: 'pro', state: 'active', requires: { level: 'phr', methods: ['totp'] } }, ['/requires']],
    ['a demand bound to an operation', { tier: 'pro', state: 'active', requires: { level: 'mfa', bind: ['amount'] } }, ['/requires']],
    ['too many features', { tier: 'pro', state: 'active', features: Array.from({ length: 257 }, () => 'reports.view') }, ['/features']],
  ])('%s is refused', async (_, body, pointers) => {
    expect(await faults(body)).toEqual(pointers)
  })

  test('an account whose name cannot be kept is refused', async () => {
    for (const account of ['', 'a\u0000b', 'x'.repeat(289), 'a\ud800'])
      await expect(writeLicense(world.domain, account, { tier: 'pro', state: 'active' })).rejects.toMatchObject({ code: 'invalid_request' })
  })

  test('whatever a body is, it is refused with a code or written as it says', async () => {
    const member = fc.constantFrom('tier', 'state', 'features', 'endsAt', 'requires', 'other')
    await fc.assert(
      fc.asyncProperty(member, fc.jsonValue(), async (name, value) => {
        const outcome = await write({ tier: 'pro', state: 'active', [name]: value }).catch((error) => error)
        if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'invalid_request' })
        else expect(outcome.record).toMatchObject({ [name]: value })
      }),
      { numRuns: 60 },
    )
  })
})

test('the license that counts has lifecycle and dates applied', async () => {
  const now = world.clock.now()
  expect(await effectiveLicenseOf(world.domain, 'acme')).toBeNull()
  await write({ tier: 'pro', state: 'active', endsAt: now + 60 })
  expect(await effectiveLicenseOf(world.domain, 'acme')).toMatchObject({ tier: 'pro', state: 'active', changesAt: now + 60 })
  world.clock.advance(60)
  expect(await effectiveLicenseOf(world.domain, 'acme')).toMatchObject({ state: 'expired' })
})

test('licenses are listed by account, a page at a time', async () => {
  for (const account of ['c', 'a', 'b']) await writeLicense(world.domain, account, { tier: 'pro', state: 'active' })
  const first = await listLicenses(world.domain, { limit: 2 })
  expect(first).toMatchObject({ licenses: [{ account: 'a' }, { account: 'b' }], next: 'b' })
  const second = await listLicenses(world.domain, { limit: 2, after: first.next as string })
  expect(second.licenses).toMatchObject([{ account: 'c' }])
  expect(second).not.toHaveProperty('next')
})
