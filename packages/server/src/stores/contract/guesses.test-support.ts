import { describe, expect, it } from 'vitest'
import type { GuessLimits, GuessPlace, Store } from '../store.ts'
import { ALICE, authenticator, authenticatorsChange, BOB, BURST, burst, enrol, T0, totp } from './fixtures.test-support.ts'

const LIMITS: GuessLimits = {
  perCeremony: 5,
  perSubject: 10,
  windowSeconds: 900,
  longestBlockSeconds: 3600,
  quietSeconds: 86_400,
  perAuthenticator: 100,
  rowSeconds: 30 * 86_400,
}
const MANY: GuessLimits = { ...LIMITS, perCeremony: 1000, perSubject: 1000 }
const PLACE: GuessPlace = { subject: ALICE.subject, budget: 'owner', ceremony: 'su_1', authenticators: [] }

/** Budgets of guesses, and authenticator apps that are switched off. */
export function guessesContract(store: () => Store): void {
  const app = (id: string, failures = 0) => authenticator(id, { level: 'mfa', data: totp({ failures }) })
  const take = (over: Partial<GuessPlace> = {}, limits = LIMITS, now = T0) => store().guesses.take({ ...PLACE, ...over, now, limits })
  const giveBack = (over: Partial<GuessPlace> & { accepted?: boolean } = {}, at = T0, limits = LIMITS) =>
    store().guesses.giveBack({ ...PLACE, ...over, at, limits })
  const count = (now = T0) => store().guesses.count({ subject: ALICE.subject, budget: 'owner', ceremony: 'su_1', now, limits: LIMITS })
  const failuresOf = async (id: string) => {
    const record = await store().authenticators.get({ subject: ALICE.subject, id })
    return record?.data.method === 'totp' ? record.data.failures : undefined
  }

  describe('guesses', () => {
    it('threat: a burst in one ceremony would get more guesses than there are', async () => {
      const taken = await burst(() => take())
      expect(taken.filter(({ counted }) => counted)).toHaveLength(5)
      expect(taken.filter((each) => !each.counted && each.by === 'ceremony')).toHaveLength(BURST - 5)
      expect(await count()).toEqual({ ceremony: 5, subject: 5 })
    })

    it('threat: a burst over many ceremonies would get more guesses than there are', async () => {
      const taken = await burst((index) => take({ ceremony: `su_${index}` }))
      expect(taken.flatMap((each) => (each.counted ? [each.subject] : []))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      expect(new Set(taken.flatMap((each) => (each.counted ? [] : [`${each.by} ${each.retryAt}`])))).toEqual(
        new Set([`subject ${T0 + 900}`]),
      )
    })

    it('threat: of wrong codes sent at the same time more than a hundred in a row would be compared', async () => {
      await enrol(store(), app('auth_1', 97))
      const taken = await burst((index) => take({ ceremony: `su_${index}`, authenticators: ['auth_1'] }, MANY))
      expect(taken.flatMap((each) => (each.counted ? each.authenticators : []))).toEqual(
        [98, 99, 100].map((failures) => ({ id: 'auth_1', failures })),
      )
      expect(taken.filter((each) => !each.counted && each.by === 'authenticator')).toHaveLength(BURST - 3)
      expect(await failuresOf('auth_1')).toBe(100)
      expect((await store().guesses.count({ subject: ALICE.subject, budget: 'owner', now: T0, limits: MANY })).subject).toBe(3)
    })

    it('are taken back in every budget, exactly as many', async () => {
      await enrol(store(), app('auth_1'))
      const authenticators = ['auth_1']
      await burst((index) => take({ ceremony: `su_${index % 5}`, authenticators }, MANY))
      await burst((index) => giveBack({ ceremony: `su_${index % 5}`, authenticators }, T0, MANY), 20)
      expect(await failuresOf('auth_1')).toBe(BURST - 20)
      const left = await store().guesses.count({ subject: ALICE.subject, budget: 'owner', ceremony: 'su_1', now: T0, limits: MANY })
      expect(left).toEqual({ ceremony: 6, subject: BURST - 20 })
      await burst((index) => giveBack({ ceremony: `su_${index % 5}`, authenticators }, T0, MANY), BURST + 10)
      expect(await failuresOf('auth_1')).toBe(0)
      expect(await count()).toEqual({ ceremony: 0, subject: 0 })
    })

    it('end a block where the last of all is taken back', async () => {
      for (let each = 0; each < 10; each++) await take({ ceremony: `su_${each}` })
      expect(await count()).toEqual({ ceremony: 1, subject: 10, retryAt: T0 + 900 })
      await giveBack({ ceremony: 'su_9' })
      expect(await count()).toEqual({ ceremony: 1, subject: 9 })
    })

    it('threat: what is taken back late would buy a guess', async () => {
      await take()
      const later = T0 + 900
      for (let each = 0; each < 10; each++) await take({ ceremony: `su_${each}` }, LIMITS, later)
      await giveBack({ ceremony: 'su_0' }, T0)
      expect(await count(later)).toMatchObject({ subject: 10, retryAt: later + 900 })
    })

    it('block twice as long each time, up to the longest, and less after quiet days', async () => {
      let now = T0
      const exhaust = async () => {
        for (let each = 0; each < 10; each++) await take({ ceremony: `${now}-${each}` }, LIMITS, now)
        const { retryAt = 0 } = await count(now)
        const seconds = retryAt - now
        now = retryAt
        return seconds
      }
      expect([await exhaust(), await exhaust(), await exhaust(), await exhaust()]).toEqual([900, 1800, 3600, 3600])
      now += 3 * 86_400
      expect(await exhaust()).toBe(1800)
    })

    it('are of one subject alone', async () => {
      await enrol(store(), app('auth_1'))
      expect(await take({ subject: BOB.subject, ceremony: 'su_2', authenticators: ['auth_1'] })).toMatchObject({ by: 'authenticator' })
      await burst(() => take({ subject: BOB.subject, ceremony: 'su_2' }))
      expect(await failuresOf('auth_1')).toBe(0)
      expect(await count()).toEqual({ ceremony: 0, subject: 0 })
    })
  })

  describe('guesses of keys that own no login', () => {
    const others = { budget: 'others' } as const
    const countOthers = (now = T0) => store().guesses.count({ subject: ALICE.subject, budget: 'others', now, limits: LIMITS })

    it('threat: they would use up the guesses of the owner, or the other way round', async () => {
      const taken = await burst((index) => take({ ...others, ceremony: `su_${index}` }))
      expect(taken.filter(({ counted }) => counted)).toHaveLength(10)
      expect(await countOthers()).toEqual({ ceremony: 0, subject: 10, retryAt: T0 + 900 })
      expect(await count()).toMatchObject({ subject: 0 })
      const own = await burst((index) => take({ ceremony: `own_${index}` }))
      expect(own.filter(({ counted }) => counted)).toHaveLength(10)
      await giveBack({ ceremony: 'own_0' })
      expect(await count()).toMatchObject({ subject: 9 })
      expect(await countOthers()).toMatchObject({ subject: 10 })
    })

    it('threat: they would switch off an app, or have more than a hundred codes in a row', async () => {
      await enrol(store(), app('auth_1'))
      const authenticators = ['auth_1']
      const taken = await burst((index) => take({ ...others, ceremony: `su_${index}`, authenticators }, MANY), 150)
      expect(taken.filter(({ counted }) => counted)).toHaveLength(100)
      expect(taken.find(({ counted }) => !counted)).toEqual({ counted: false, by: 'subject', retryAt: T0 + LIMITS.rowSeconds })
      expect(await failuresOf('auth_1')).toBe(0)
      await store().sweep(T0 + LIMITS.rowSeconds - 1)
      expect(await take({ ...others, authenticators }, MANY, T0 + LIMITS.rowSeconds - 1)).toMatchObject({ counted: false })
      expect(await take({ authenticators }, MANY)).toMatchObject({ counted: true, authenticators: [{ failures: 1 }] })
      expect(await take({ ...others, authenticators }, MANY, T0 + LIMITS.rowSeconds)).toMatchObject({ counted: true })
    })

    it('end their row with a code that an app has accepted, and with nothing else', async () => {
      await enrol(store(), app('auth_1'))
      const authenticators = ['auth_1']
      const left = async () => (await burst(() => take({ ...others, authenticators }, MANY), 110)).filter(({ counted }) => counted).length
      for (let each = 0; each < 60; each++) await take({ ...others, authenticators }, MANY)
      // right by mail, then right for no app
      await giveBack({ ...others }, T0, MANY)
      await giveBack({ ...others, authenticators }, T0, MANY)
      expect(await left()).toBe(41)
      await giveBack({ ...others, accepted: true }, T0, MANY)
      expect(await left()).toBe(100)
    })

    it('are compared with no app that is switched off', async () => {
      await enrol(store(), app('auth_1', 100))
      expect(await take({ ...others, authenticators: ['auth_1'] })).toMatchObject({ counted: false, by: 'authenticator' })
      expect(await countOthers()).toMatchObject({ subject: 0 })
    })
  })

  describe('an authenticator app', () => {
    const disable = (id = 'auth_1', subject = ALICE.subject) => {
      const notice = { id: `no_${Math.random()}`, subject, to: 'a@example.com', kind: 'authenticator_disabled', data: {}, at: T0 } as const
      return store().authenticators.disable({ subject, id, failures: 100, now: T0, change: authenticatorsChange(ALICE), notices: [notice] })
    }

    it('is switched off by one caller of a burst, for good, and its owner is told once', async () => {
      await enrol(store(), app('auth_1', 100))
      const head = await store().changes.head()
      expect((await burst(() => disable())).filter(Boolean)).toHaveLength(1)
      expect(await store().changes.head()).toBe(head + 1)
      expect(await store().outbox.claim({ now: T0, leaseSeconds: 1, limit: 10 })).toHaveLength(1)
      await giveBack({ authenticators: ['auth_1'] })
      expect(await store().totp.accept({ subject: ALICE.subject, authenticatorId: 'auth_1', step: 1000, now: T0 })).toBe(false)
      expect(await take({ authenticators: ['auth_1'] })).toMatchObject({ counted: false, by: 'authenticator' })
      expect((await store().authenticators.list(ALICE.subject))[0]?.data).toEqual(totp({ failures: 100, disabledAt: T0 }))
    })

    it('is not switched off before its last wrong code, nor by another subject', async () => {
      await enrol(store(), app('auth_1', 99))
      await enrol(store(), authenticator('auth_2'))
      for (const off of [disable(), disable('auth_1', BOB.subject), disable('auth_2'), disable('auth_3')]) expect(await off).toBe(false)
      expect(await store().outbox.claim({ now: T0, leaseSeconds: 1, limit: 10 })).toEqual([])
    })

    it('begins a new row of wrong codes after a right one, and another app does not', async () => {
      await enrol(store(), app('auth_1', 7))
      await enrol(store(), app('auth_2', 7))
      await store().totp.accept({ subject: ALICE.subject, authenticatorId: 'auth_1', step: 101, now: T0 })
      expect([await failuresOf('auth_1'), await failuresOf('auth_2')]).toEqual([0, 7])
    })
  })
}
