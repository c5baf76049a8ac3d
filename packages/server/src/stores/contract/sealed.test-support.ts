import { describe, expect, it } from 'vitest'
import { SEALED_KINDS, type SealedKind } from '../sealed-records.ts'
import type { Store } from '../store.ts'
import { ALL, authenticator, burst, enrol, registration, stepUp, T0, totp } from './fixtures.test-support.ts'

const OLD = 'v1.AAAAAA_A.'
const NEW = 'v1.BBBBBB_B.'

/** What is sealed, and its replacement. */
export function sealedContract(store: () => Store): void {
  const fill = async (): Promise<void> => {
    await store().signingKeys.create({ kid: 'kid-1', publicJwk: {}, sealedPrivateJwk: `${OLD}key`, createdAt: T0, activeFrom: T0 })
    await enrol(store(), authenticator('auth_1', { level: 'mfa', data: totp({ sealedSecret: `${OLD}app` }) }))
    await enrol(store(), authenticator('auth_2'))
    await store().registrations.create(registration('reg_1', { secret: `${OLD}enrolment` }))
    await store().registrations.create(registration('reg_2', { method: 'passkey', secret: 'a challenge' }))
    await store().stepUps.create(stepUp('su_1'))
    await store().stepUps.start({ id: 'su_1', method: 'relogin', challenge: `${OLD}sign-in` })
    await store().stepUps.start({ id: 'su_1', method: 'passkey', challenge: 'a challenge' })
    await store().settings.pin({ name: 'sealed.one', value: `${OLD}setting` })
    await store().settings.pin({ name: 'rpId', value: 'example.com' })
  }
  const list = (kind: SealedKind, prefix = NEW, after = '', limit = 10) => store().sealed.list({ kind, prefix, after, limit })

  describe('what is sealed', () => {
    it('is found by kind, with whose it is, and nothing else is', async () => {
      await fill()
      const found = await Promise.all(SEALED_KINDS.map((kind) => list(kind)))
      expect(found).toEqual([
        [{ id: 'kid-1', subject: '', sealed: `${OLD}key` }],
        [{ id: 'auth_1', subject: 'demo|alice', sealed: `${OLD}app` }],
        [{ id: 'reg_1', subject: 'demo|alice', sealed: `${OLD}enrolment` }],
        [{ id: 'su_1', subject: 'demo|alice', sealed: `${OLD}sign-in` }],
        [{ id: 'sealed.one', subject: '', sealed: `${OLD}setting` }],
      ])
      expect((await Promise.all(SEALED_KINDS.map((kind) => list(kind, OLD)))).flat()).toEqual([])
    })

    it('is found although its prefix differs in one letter only, where a pattern would match', async () => {
      await store().settings.pin({ name: 'sealed.one', value: 'v1.AAAAAAxA.value' })
      expect(await list('setting', OLD)).toHaveLength(1)
    })

    it('is read page by page', async () => {
      for (let index = 0; index < 5; index++) await store().settings.pin({ name: `sealed.${index}`, value: `${OLD}${index}` })
      const ids = async (after: string) => (await list('setting', NEW, after, 2)).map(({ id }) => id)
      expect([await ids(''), await ids('sealed.1'), await ids('sealed.3')]).toEqual([
        ['sealed.0', 'sealed.1'],
        ['sealed.2', 'sealed.3'],
        ['sealed.4'],
      ])
    })

    it.each(SEALED_KINDS)('is replaced by one of a burst, and only if it still is what was read: a %s', async (kind) => {
      await fill()
      const [{ id, sealed: from } = { id: '', sealed: '' }] = await list(kind)
      expect(await store().sealed.replace({ kind, id, from: `${OLD}other`, to: `${NEW}x` })).toBe(false)
      expect(await store().sealed.replace({ kind, id: 'other', from, to: `${NEW}x` })).toBe(false)
      const replaced = await burst((index) => store().sealed.replace({ kind, id, from, to: `${NEW}${index}` }))
      expect(replaced.filter(Boolean)).toHaveLength(1)
      expect(await list(kind)).toEqual([])
      expect(await list(kind, OLD)).toMatchObject([{ id, sealed: `${NEW}${replaced.indexOf(true)}` }])
    })

    it('announces which key seals together with the change', async () => {
      const change = { at: T0, type: 'keys', withdrawn: [] } as const
      await store().sealed.announce({ name: 'secret.sealing', value: 'two', change })
      expect(await store().settings.get('secret.sealing')).toBe('two')
      expect(await store().changes.after(ALL)).toMatchObject([change])
    })
  })

  describe('signing keys that are rotated by hand', () => {
    const key = (kid: string, activeFrom: number) => ({ kid, publicJwk: {}, sealedPrivateJwk: `${OLD}key`, createdAt: T0, activeFrom })

    it('are published by one of a burst, with one change', async () => {
      const change = { at: T0, type: 'keys', withdrawn: [] } as const
      const published = await burst((index) => store().signingKeys.publish({ record: key(`kid-${index}`, T0), change }))
      expect(published.filter(Boolean)).toHaveLength(1)
      expect(await store().changes.after(ALL)).toMatchObject([change])
    })

    it('are withdrawn all together, and the log keeps every withdrawal', async () => {
      for (const [index, kid] of ['former', 'present', 'next'].entries()) await store().signingKeys.create(key(kid, T0 + index))
      const gone = await store().signingKeys.withdrawAll({ replacement: key('new', T0 + 1), at: T0 })
      expect([...gone].sort()).toEqual(['former', 'next', 'present'])
      expect((await store().signingKeys.list()).map(({ kid }) => kid)).toEqual(['new'])
      await burst((index) => store().signingKeys.withdrawAll({ replacement: key(`again-${index}`, T0), at: T0 }), 3)
      expect(await store().signingKeys.list()).toHaveLength(1)
      await store().sweep(T0 + 400 * 86_400)
      const withdrawn = (await store().changes.after(ALL)).flatMap((each) => (each.type === 'keys' ? each.withdrawn : []))
      expect(withdrawn).toEqual(expect.arrayContaining(['former', 'next', 'present', 'new']))
      expect(withdrawn).toHaveLength(6)
    })
  })
}
