import { randomBytes } from 'node:crypto'
import { createLocalJWKSet, decodeProtectedHeader, exportJWK, generateKeyPair, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSealer, SealError } from '../secrets/seal.ts'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import type { SigningKeyRecord, Store } from '../stores/store.ts'
import {
  createKeyring,
  KEY_AFTERLIFE_SECONDS,
  KEY_NOTICE_SECONDS,
  KEY_SECONDS,
  type Keyring,
  type KeyringDeps,
  replaceSigningKeys,
  rotateSigningKey,
} from './keyring.ts'

const T0 = 1_700_000_000
const sealer = createSealer({ secret: new Uint8Array(32), random: randomBytes })
let store: Store
let time: number

beforeEach(() => {
  store = createSqliteStore({ path: ':memory:' })
  time = T0
})
afterEach(() => store.close())

const open = (over: Partial<KeyringDeps> = {}) => createKeyring({ store, sealer, environment: 'test', now: () => time, ...over })
const kids = (keyring: Keyring) => keyring.jwks().keys.map(({ kid }) => kid)
const verify = (token: string, keyring: Keyring) =>
  jwtVerify(token, createLocalJWKSet(keyring.jwks() as unknown as JSONWebKeySet), { algorithms: ['ES256'] })
const at = async (keyring: Keyring, seconds: number) => {
  time = T0 + seconds
  await keyring.refresh()
}

describe('the keyring', () => {
  it('signs with ES256, names key and type, and leaves the claims as they are', async () => {
    const keyring = await open()
    const token = await keyring.sign({ sub: 'demo|alice' }, { typ: 'at+jwt' })
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: keyring.signingKey().kid })
    expect((await verify(token, keyring)).payload).toEqual({ sub: 'demo|alice' })
  })

  it('publishes the present and the next key, without their private parts', async () => {
    const keyring = await open()
    const { keys } = keyring.jwks()
    expect(keys).toHaveLength(2)
    expect(keys[0]?.kid).toBe(keyring.signingKey().kid)
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: expect.stringMatching(/^[\w-]{43}$/) })
    }
  })

  it('threat: who can read the database would sign tokens', async () => {
    const keyring = await open()
    for (const record of await store.signingKeys.list()) {
      expect(record.publicJwk).not.toHaveProperty('d')
      expect(record.sealedPrivateJwk).toMatch(/^v1\./)
    }
    expect(keyring.signingKey().privateKey.extractable).toBe(false)
  })

  it('goes over to the next key after its time, which everyone has known since the beginning', async () => {
    const keyring = await open()
    const [first, second] = kids(keyring)
    time = T0 + KEY_SECONDS - 1
    expect(keyring.signingKey().kid).toBe(first)
    time = T0 + KEY_SECONDS
    expect(keyring.signingKey().kid).toBe(second)
    await keyring.refresh()
    expect(kids(keyring)).toEqual([first, second, expect.any(String)])
  })

  it('keeps a former key published until the last token that it signed has expired, and then forgets it', async () => {
    const keyring = await open()
    time = T0 + KEY_SECONDS - 1
    const token = await keyring.sign({ exp: T0 + KEY_SECONDS + 299 }, { typ: 'at+jwt' })
    const [first] = kids(keyring)
    await at(keyring, KEY_SECONDS + KEY_AFTERLIFE_SECONDS - 1)
    const check = { algorithms: ['ES256'], currentDate: new Date((T0 + KEY_SECONDS) * 1000) }
    await jwtVerify(token, createLocalJWKSet(keyring.jwks() as unknown as JSONWebKeySet), check)
    time += 1
    expect(kids(keyring)).not.toContain(first)
    await keyring.refresh()
    expect((await store.signingKeys.list()).map(({ kid }) => kid)).toEqual(kids(keyring))
    expect(kids(keyring)).toHaveLength(2)
  })

  it('always has a next key, through a year of rotations, and never signs with one that was not published before', async () => {
    const keyring = await open()
    const used: string[] = []
    for (let day = 0; day <= 366; day += 1) {
      const published = kids(keyring)
      await at(keyring, day * 86_400)
      const { kid } = keyring.signingKey()
      expect(published).toContain(kid)
      expect(kids(keyring).indexOf(kid)).toBeLessThan(kids(keyring).length - 1)
      if (used.at(-1) !== kid) used.push(kid)
    }
    expect(new Set(used).size).toBe(used.length)
    expect(used).toHaveLength(13)
  })

  it('is the same after a restart', async () => {
    const before = await open()
    const token = await before.sign({}, { typ: 'at+jwt' })
    const after = await open()
    expect(after.jwks()).toEqual(before.jwks())
    expect(after.signingKey().kid).toBe(before.signingKey().kid)
    await verify(token, after)
  })

  it('goes on with the last known key after a stop of many periods', async () => {
    const [, second] = kids(await open())
    time = T0 + 5.5 * KEY_SECONDS
    const after = await open()
    expect(after.signingKey().kid).toBe(second)
    const next = kids(after).at(-1)
    await at(after, 6 * KEY_SECONDS)
    expect(after.signingKey().kid).toBe(next)
  })

  it('agrees over instances that start together, also with clocks that differ', async () => {
    const keyrings = await Promise.all(Array.from({ length: 10 }, (_, index) => open({ now: () => time + (index % 5) })))
    expect(new Set(keyrings.map((keyring) => kids(keyring).join())).size).toBe(1)
    expect(new Set(keyrings.map((keyring) => keyring.signingKey().kid)).size).toBe(1)
    expect(await store.signingKeys.list()).toHaveLength(2)
  })

  it('agrees over instances that rotate together', async () => {
    const keyrings = await Promise.all([open(), open(), open()])
    time = T0 + KEY_SECONDS
    await Promise.all(keyrings.map((keyring) => keyring.refresh()))
    expect(new Set(keyrings.map((keyring) => kids(keyring).join())).size).toBe(1)
    expect(await store.signingKeys.list()).toHaveLength(3)
  })

  it('signs where the clock stands before the first key', async () => {
    const first = kids(await open())[0]
    time = T0 - 3600
    expect((await open()).signingKey().kid).toBe(first)
  })

  it('goes on signing while the store is away, and says so when asked to refresh', async () => {
    const keyring = await open()
    await store.close()
    await expect(keyring.refresh()).rejects.toThrow(/closed/)
    await verify(await keyring.sign({}, { typ: 'at+jwt' }), keyring)
  })

  it('threat: a key of the test environment would sign for the live one', async () => {
    await open()
    await expect(open({ environment: 'live' })).rejects.toThrow(/belongs to the environment test and the service is configured for live/)
    // and where someone changes the setting, the keys themselves do not open
    await store.settings.set({ name: 'environment', value: 'live' })
    await expect(open({ environment: 'live' })).rejects.toMatchObject({ code: 'not_authentic' })
  })

  it('says that the secret has changed where its keys were sealed with another one', async () => {
    await open()
    const other = createSealer({ secret: new Uint8Array(32).fill(1), random: randomBytes })
    await expect(open({ sealer: other })).rejects.toThrow(/secret of the service has changed/)
  })
})

describe('keys that are rotated by hand', () => {
  const deps = () => ({ store, sealer, environment: 'test', now: () => time })

  it('publishes the new one at once, signs with it later, and forgets the former one after its last token', async () => {
    const keyring = await open()
    const former = keyring.signingKey().kid
    const added = await rotateSigningKey(deps())
    await keyring.refresh()
    expect(kids(keyring)).toContain(added?.kid)
    await at(keyring, KEY_NOTICE_SECONDS - 1)
    expect(keyring.signingKey().kid).toBe(former)
    await at(keyring, KEY_NOTICE_SECONDS)
    expect([keyring.signingKey().kid, kids(keyring).includes(former)]).toEqual([added?.kid, true])
    await at(keyring, KEY_NOTICE_SECONDS + KEY_AFTERLIFE_SECONDS)
    expect(kids(keyring)).not.toContain(former)
    // the ordinary rotation goes on
    await at(keyring, KEY_SECONDS)
    expect(keyring.signingKey().kid).not.toBe(added?.kid)
  })

  it('withdraws all, and goes on with a new one and one that follows it', async () => {
    const keyring = await open()
    await rotateSigningKey(deps())
    await keyring.refresh()
    const before = kids(keyring)
    const { kid, withdrawn } = await replaceSigningKeys(deps())
    await keyring.refresh()
    expect(new Set(withdrawn)).toEqual(new Set(before))
    expect(keyring.signingKey().kid).toBe(kid)
    expect(kids(keyring)).toHaveLength(2)
    expect(kids(keyring).filter((each) => before.includes(each))).toEqual([])
    await verify(await keyring.sign({}, { typ: 'at+jwt' }), keyring)
  })

  it('threat: a slow look at the keys that began before brings a withdrawn key back', async () => {
    let isSlow = false
    const list = async () => {
      const records = await store.signingKeys.list()
      if (isSlow) {
        isSlow = false
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return records
    }
    const keyring = await open({ store: { ...store, signingKeys: { ...store.signingKeys, list } } })
    const before = kids(keyring)
    isSlow = true
    const slow = keyring.refresh()
    await new Promise((resolve) => setTimeout(resolve, 10))
    await replaceSigningKeys(deps())
    await Promise.all([slow, keyring.refresh()])
    expect(kids(keyring).filter((each) => before.includes(each))).toEqual([])
  })

  it('a look that failed is no reason not to look again', async () => {
    let fails = false
    const list = async () => {
      if (fails) throw new Error('the disk is full')
      return store.signingKeys.list()
    }
    const keyring = await open({ store: { ...store, signingKeys: { ...store.signingKeys, list } } })
    fails = true
    await expect(keyring.refresh()).rejects.toThrow(/disk/)
    fails = false
    const { kid } = await replaceSigningKeys(deps())
    await keyring.refresh()
    expect(keyring.signingKey().kid).toBe(kid)
  })
})

describe('who can write the database', () => {
  const foreign = async (): Promise<SigningKeyRecord['publicJwk']> =>
    exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey)
  const replace = async (
    change: (record: SigningKeyRecord, other: SigningKeyRecord) => Partial<SigningKeyRecord> | Promise<Partial<SigningKeyRecord>>,
  ) => {
    const [record, other] = (await store.signingKeys.list()) as [SigningKeyRecord, SigningKeyRecord]
    const changed = { ...record, ...(await change(record, other)) }
    await store.signingKeys.retire({ kids: [record.kid] })
    await store.signingKeys.create(changed)
  }

  it('threat: would publish a key of their own', async () => {
    const before = await open()
    await replace(async () => ({ publicJwk: await foreign() }))
    expect((await open()).jwks()).toEqual(before.jwks())
  })

  it('threat: would have a key sign under another name', async () => {
    await open()
    await replace(() => ({ kid: 'a'.repeat(43) }))
    await expect(open()).rejects.toBeInstanceOf(SealError)
  })

  it('threat: would put one key in the place of another', async () => {
    await open()
    await replace((_, other) => ({ sealedPrivateJwk: other.sealedPrivateJwk }))
    await expect(open()).rejects.toMatchObject({ code: 'not_authentic' })
  })

  it('threat: would have a key sealed elsewhere sign', async () => {
    await open()
    await replace((record) => ({
      sealedPrivateJwk: sealer.seal('{}', { table: 'authenticators', subject: 'demo|mallory', id: record.kid }),
    }))
    await expect(open()).rejects.toMatchObject({ code: 'not_authentic' })
  })

  it('threat: would bend the beginning of time', async () => {
    await store.settings.set({ name: 'keyring.origin', value: 'soon' })
    await expect(open()).rejects.toThrow(/keyring.origin is not a time/)
  })
})
