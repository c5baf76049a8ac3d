import { describe, expect, it } from 'vitest'
import type { SessionKey, Store } from '../store.ts'
import {
  ALICE,
  ALL,
  authenticator,
  authenticatorsChange,
  BOB,
  BURST,
  burst,
  enrol,
  license,
  licenseChange,
  proofsChange,
  registration,
  stepUp,
  T0,
  touchSession,
} from './fixtures.test-support.ts'

const winners = <T>(results: readonly (T | null)[]) => results.filter((result) => result !== null)

/** Step-ups, registrations and replays: what may be used once. */
export function singleUseContract(store: () => Store): void {
  describe('step-ups', () => {
    it('gives back what was created, with and without an operation', async () => {
      const operation = { params: { amount: '10.00', urgent: true, lines: 3 }, digest: 'digest', salt: 'salt' }
      await store().stepUps.create(stepUp('su_1'))
      await store().stepUps.create(stepUp('su_2', { operation, requirement: { level: 'phrh', bind: ['amount'] } }))
      expect(await store().stepUps.get('su_1')).toEqual(stepUp('su_1'))
      expect(await store().stepUps.get('su_2')).toEqual(stepUp('su_2', { operation, requirement: { level: 'phrh', bind: ['amount'] } }))
      expect(await store().stepUps.get('su_3')).toBeNull()
    })

    it('refuses a second step-up of the same id and leaves the first', async () => {
      await store().stepUps.create(stepUp('su_1'))
      await expect(store().stepUps.create(stepUp('su_1', { feature: 'other' }))).rejects.toThrow()
      expect((await store().stepUps.get('su_1'))?.feature).toBe('reports.export')
    })

    it('keeps the challenge of the method that it is created with', async () => {
      await store().stepUps.create(stepUp('su_1'), { started: { method: 'passkey', challenge: 'first' } })
      expect(await store().stepUps.takeChallenge({ id: 'su_1', method: 'passkey' })).toBe('first')
      // of a step-up that was not created, nothing was kept
      await store().stepUps.create(stepUp('su_2'), { started: { method: 'passkey', challenge: 'own' } })
      await expect(store().stepUps.create(stepUp('su_2'), { started: { method: 'passkey', challenge: 'foreign' } })).rejects.toThrow()
      expect(await store().stepUps.takeChallenge({ id: 'su_2', method: 'passkey' })).toBe('own')
    })

    it('threat: keys without end that may start them would fill the store, or take those of known devices with them', async () => {
      const start = (index: number, key: SessionKey, feature = 'stile:session') =>
        store().stepUps.create(stepUp(`su_${index}`, { key, feature, createdAt: T0 + index }), { most: 3 })
      const known = { ...ALICE, jkt: 'known' }
      await enrol(store(), authenticator('auth_1'))
      await touchSession(store(), { key: known })
      await store().devices.bind({ key: known, authenticatorId: 'auth_1', provenAt: T0, now: T0 })
      await start(1, known)
      await start(2, ALICE, 'reports.export')
      await start(3, { ...BOB, jkt: 'stranger' })
      await burst((index) => start(100 + index, { ...ALICE, sid: `sid-${index}`, jkt: `stranger-${index}` }))
      const left = async (ids: readonly number[]) =>
        (await Promise.all(ids.map((id) => store().stepUps.get(`su_${id}`)))).filter((each) => each !== null).map(({ id }) => id)
      expect(await left(Array.from({ length: BURST }, (_, index) => 100 + index))).toEqual(['su_147', 'su_148', 'su_149'])
      expect(await left([1, 2, 3])).toEqual(['su_1', 'su_2', 'su_3'])
      for (const index of [4, 5, 6]) await start(index, known)
      expect(await left([1, 4, 5, 6, 149])).toEqual(['su_4', 'su_5', 'su_6', 'su_149'])
    })

    it('threat: a step-up would be used twice', async () => {
      await store().stepUps.create(stepUp('su_1'))
      expect(winners(await burst(() => store().stepUps.take('su_1')))).toEqual([stepUp('su_1')])
      expect(await store().stepUps.get('su_1')).toBeNull()
    })

    describe('settling', () => {
      const proof = { method: 'passkey', level: 'phr', amr: ['hwk'], authTime: T0 + 5, authenticatorId: 'auth_1' } as const
      const use = { id: 'auth_1', expectedCounter: 7, counter: 8, backupState: false, now: T0 + 5 }
      const settle = (revision: number) =>
        store().stepUps.settle({
          id: 'su_1',
          key: ALICE,
          account: 'acme',
          revision,
          proof,
          use,
          bindsDevice: true,
          change: proofsChange(ALICE),
        })
      const begin = async () => {
        await touchSession(store(), { key: ALICE })
        await enrol(store(), authenticator('auth_1'))
        await store().stepUps.create(stepUp('su_1'))
        return store().changes.head()
      }
      const written = async () => ({
        proofs: await store().proofs.list(ALICE),
        bound: (await store().devices.find(ALICE)).bound,
        isOpen: (await store().stepUps.get('su_1')) !== null,
        counter: (await store().authenticators.list(ALICE.subject)).map(({ data }) => 'counter' in data && data.counter),
      })

      it('threat: two answers would each get a token', async () => {
        const revision = await begin()
        const outcomes = await burst(() => settle(revision))
        expect(outcomes.filter((outcome) => outcome === 'settled')).toHaveLength(1)
        expect(new Set(outcomes)).toEqual(new Set(['settled', 'changed']))
        expect(await written()).toEqual({ proofs: [proof], bound: true, isOpen: false, counter: [8] })
        expect(await store().changes.after({ ...ALL, cursor: revision })).toHaveLength(1)
      })

      it.each<[string, () => Promise<unknown>]>([
        [
          'the license of the account',
          () => store().licenses.write({ record: license('acme'), expectedEpoch: null, changes: [licenseChange('acme')] }),
        ],
        [
          'what is enrolled',
          () => store().authenticators.rename({ subject: ALICE.subject, id: 'auth_1', name: 'Desk', change: authenticatorsChange(ALICE) }),
        ],
        [
          'the session of the key',
          () =>
            store().sessions.end({
              ...ALICE,
              now: T0,
              change: { at: T0, type: 'revoked', subject: ALICE.subject, sid: ALICE.sid, before: T0 },
            }),
        ],
      ])('threat: a token would rest on what has changed since: %s', async (_, change) => {
        const revision = await begin()
        await change()
        expect(await settle(revision)).toBe('changed')
        expect(await written()).toMatchObject({ proofs: [], bound: false, counter: [7] })
      })

      it('threat: a copy of an authenticator would be taken for it', async () => {
        const revision = await begin()
        await store().authenticators.touch(use)
        expect(await settle(revision)).toBe('used')
        expect(await written()).toEqual({ proofs: [], bound: false, isOpen: true, counter: [8] })
      })

      it('is not kept from it by what changes for others', async () => {
        const revision = await begin()
        await store().licenses.write({ record: license('other'), expectedEpoch: null, changes: [licenseChange('other')] })
        expect(await settle(revision)).toBe('settled')
      })
    })

    it('threat: a challenge would be answered twice', async () => {
      await store().stepUps.create(stepUp('su_1'))
      await store().stepUps.start({ id: 'su_1', method: 'passkey', challenge: 'first' })
      await store().stepUps.start({ id: 'su_1', method: 'passkey', challenge: 'second' })
      await store().stepUps.start({ id: 'su_1', method: 'totp', challenge: 'other' })
      const taken = await burst(() => store().stepUps.takeChallenge({ id: 'su_1', method: 'passkey' }))
      expect(winners(taken)).toEqual(['second'])
      expect(await store().stepUps.takeChallenge({ id: 'su_1', method: 'totp' })).toBe('other')
      expect(await store().stepUps.get('su_1')).toEqual(stepUp('su_1'))
    })

    describe('with a use that was remembered before', () => {
      const use = { key: 'jti', now: T0, expiresAt: T0 + 300 }
      const takeWith = (given = use) => store().stepUps.takeChallengeWith({ id: 'su_1', method: 'passkey', use: given })
      const begin = async () => {
        await store().stepUps.create(stepUp('su_1'))
        await store().stepUps.start({ id: 'su_1', method: 'passkey', challenge: 'challenge' })
      }

      it('threat: a recorded request would use up the challenge of its victim', async () => {
        await begin()
        await store().replay.once(use)
        expect(new Set(await burst(() => takeWith()))).toEqual(new Set(['replayed']))
        expect(await takeWith({ ...use, key: 'another' })).toEqual({ challenge: 'challenge' })
      })

      it('threat: a recorded request would open step-ups and drop those of its victim', async () => {
        await store().stepUps.create(stepUp('su_1'))
        await store().replay.once(use)
        expect(await store().stepUps.create(stepUp('su_2', { createdAt: T0 + 1 }), { most: 1, use })).toBe('replayed')
        expect(await store().stepUps.get('su_2')).toBeNull()
        expect(await store().stepUps.get('su_1')).toEqual(stepUp('su_1'))
      })

      it('threat: a request sent many times at once would be answered more than once', async () => {
        await begin()
        const taken = await burst(() => takeWith())
        expect(taken.filter((each) => each !== 'replayed')).toEqual([{ challenge: 'challenge' }])
        expect(await store().replay.once(use)).toBe(false)
        const created = await burst((index) => store().stepUps.create(stepUp(`su_1${index}`), { use: { ...use, key: 'second' } }))
        expect(created.filter((each) => each === 'created')).toHaveLength(1)
      })

      it('remembers it also if there is no challenge', async () => {
        expect(await takeWith()).toEqual({ challenge: null })
        expect(await store().replay.once(use)).toBe(false)
      })
    })

    it('threat: a challenge would outlive its step-up', async () => {
      await store().stepUps.create(stepUp('su_1'))
      expect(await store().stepUps.start({ id: 'su_1', method: 'passkey', challenge: 'first' })).toBe(true)
      await store().stepUps.take('su_1')
      expect(await store().stepUps.takeChallenge({ id: 'su_1', method: 'passkey' })).toBeNull()
      expect(await store().stepUps.start({ id: 'su_1', method: 'passkey', challenge: 'second' })).toBe(false)
      await store().stepUps.create(stepUp('su_1'))
      expect(await store().stepUps.takeChallenge({ id: 'su_1', method: 'passkey' })).toBeNull()
    })
  })

  describe('registrations', () => {
    it('gives back what was created, and takes it for one caller of a burst', async () => {
      const bound = registration('reg_1', { method: 'passkey', boundBy: { method: 'totp', level: 'mfa' } })
      await store().registrations.create(bound)
      expect(await store().registrations.get('reg_1')).toEqual(bound)
      expect(winners(await burst(() => store().registrations.take('reg_1')))).toEqual([bound])
      expect(await store().registrations.get('reg_1')).toBeNull()
    })
  })

  describe('replays', () => {
    const once = (key: string, now: number) => store().replay.once({ key, now, expiresAt: now + 300 })

    it('threat: a proof would be accepted twice', async () => {
      expect((await burst(() => once('jti-1', T0))).filter(Boolean)).toHaveLength(1)
      expect(await once('jti-1', T0 + 299)).toBe(false)
      expect(await once('jti-2', T0)).toBe(true)
    })

    it('gives a key free when it has expired, to one caller', async () => {
      await once('jti-1', T0)
      expect((await burst(() => once('jti-1', T0 + 300))).filter(Boolean)).toHaveLength(1)
    })

    it('accepts each of many keys once when all come at the same time, several times each', async () => {
      const accepted = await burst((index) => once(`jti-${index % 10}`, T0), 100)
      expect(accepted.filter(Boolean)).toHaveLength(10)
    })
  })

  describe('a mixed burst', () => {
    it('commits every verb of it', async () => {
      await burst(async (index) => {
        await store().stepUps.create(stepUp(`su_${index}`, { key: { ...ALICE, sid: `sid-${index}` } }))
        await store().stepUps.start({ id: `su_${index}`, method: 'passkey', challenge: `challenge-${index}` })
        expect(await store().stepUps.takeChallenge({ id: `su_${index}`, method: 'passkey' })).toBe(`challenge-${index}`)
        expect((await store().stepUps.take(`su_${index}`))?.key.sid).toBe(`sid-${index}`)
      })
    })
  })
}
