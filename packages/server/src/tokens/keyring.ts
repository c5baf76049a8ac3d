import { ASSURANCE_MAX_SECONDS, CLOCK_SKEW_SECONDS } from '@stile/protocol'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose'
import type { SealContext, Sealer } from '../secrets/seal.ts'
import type { SigningKeyRecord, Store } from '../stores/store.ts'

const ALG = 'ES256'

/** How long a key signs, in seconds: 30 days. */
export const KEY_SECONDS = 30 * 86_400
/** How long a key stays published after it signed its last token: until that has expired, on a clock that differs too. In seconds. */
export const KEY_AFTERLIFE_SECONDS = ASSURANCE_MAX_SECONDS + 10 * CLOCK_SKEW_SECONDS

/** How long a key is published before it signs, in seconds, if the keys are rotated by hand: longer than anybody keeps the key set. */
export const KEY_NOTICE_SECONDS = 900

/** A public key as `/.well-known/jwks.json` shows it (RFC 7517). */
export type PublicJwk = Readonly<{ kty: string; crv: string; x: string; y: string; kid: string; alg: string; use: 'sig' }>

/** The keys that sign tokens and checkpoints. */
export interface Keyring {
  /** The key that signs now. */
  signingKey(): Readonly<{ kid: string; privateKey: CryptoKey }>
  /** What is published: the present key, the next one, and former ones while a token of theirs may live. */
  jwks(): Readonly<{ keys: readonly PublicJwk[] }>
  /** Signs claims as they are, with the present key and ES256 (RFC 7518 §3.4). */
  sign(payload: JWTPayload, header: Readonly<{ typ: string }>): Promise<string>
  /** Reads the keys again, makes the next one and forgets old ones. To be called now and then: an hour apart is plenty. */
  refresh(): Promise<void>
}

/** What a keyring needs. */
export type KeyringDeps = Readonly<{
  store: Pick<Store, 'signingKeys' | 'settings'>
  sealer: Sealer
  environment: 'live' | 'test'
  /** Whole seconds since the epoch. */
  now: () => number
}>

type Key = Readonly<{ kid: string; activeFrom: number; privateKey: CryptoKey; publicJwk: PublicJwk }>

/**
 * Opens the keyring of a store, and makes its first keys if there are none.
 *
 * The next key is published a whole period before it signs. Instances that start together agree on the keys, because the store takes one
 * key per beginning. Throws if the store belongs to another environment, or its keys were sealed with another secret.
 */
export async function createKeyring({ store, sealer, environment, now }: KeyringDeps): Promise<Keyring> {
  await claimEnvironment(store, environment)
  // the beginning of all periods: the first instance sets it for all
  const origin = Number(await store.settings.pin({ name: 'keyring.origin', value: String(now()) }))
  if (!Number.isSafeInteger(origin)) {
    throw new Error('The setting keyring.origin is not a time, so that no key can be chosen. Restore the store from a backup.')
  }
  let keys: readonly Key[] = []

  /** Public keys are computed from the sealed ones: who can write the database cannot publish a key of their own. */
  async function load(): Promise<readonly Key[]> {
    const known = new Map(keys.map((key) => [key.kid, key]))
    const records = await store.signingKeys.list()
    const loaded = await Promise.all(
      records.map(async (record) => {
        const { privateKey, publicJwk } = known.get(record.kid) ?? (await openKey(record, sealer, environment))
        return { kid: record.kid, activeFrom: record.activeFrom, privateKey, publicJwk }
      }),
    )
    return loaded.sort((one, other) => one.activeFrom - other.activeFrom)
  }

  async function readAgain(): Promise<void> {
    const time = now()
    let loaded = await load()
    const present = presentOf(loaded, time)
    const period = Math.max(0, Math.floor((time - origin) / KEY_SECONDS))
    const missing = [
      // after a long stop the last key goes on, so that no token is signed by a key that nobody has seen yet
      ...(present === undefined ? [origin + period * KEY_SECONDS] : []),
      origin + (period + 1) * KEY_SECONDS,
    ].filter((activeFrom) => !loaded.some((key) => key.activeFrom === activeFrom))
    for (const activeFrom of missing) await store.signingKeys.create(await makeSigningKey({ sealer, environment, activeFrom, time }))
    // another instance may have been first: the store says which keys count
    if (missing.length > 0) loaded = await load()
    const stale = loaded.filter((_, index) => outlived(loaded[index + 1], time))
    if (stale.length > 0) await store.signingKeys.retire({ kids: stale.map(({ kid }) => kid) })
    keys = loaded.filter((key) => !stale.includes(key))
  }

  function signing(): Key {
    // a clock that stands before the origin still has the first key
    const key = presentOf(keys, now()) ?? keys[0]
    if (key === undefined) throw new Error('The keyring has no key to sign with. The store lost its signing keys: restart the service.')
    return key
  }

  // one after the other: a slow one that began earlier must not bring back what a later one has seen withdrawn
  let reading: Promise<void> = Promise.resolve()
  const refresh = (): Promise<void> => {
    reading = reading.catch(() => undefined).then(readAgain)
    return reading
  }

  await refresh()
  return {
    refresh,
    signingKey: () => {
      const { kid, privateKey } = signing()
      return { kid, privateKey }
    },
    jwks: () => {
      const time = now()
      return { keys: keys.filter((_, index) => !outlived(keys[index + 1], time)).map(({ publicJwk }) => publicJwk) }
    },
    sign: async (payload, { typ }) => {
      const { kid, privateKey } = signing()
      return new SignJWT(payload).setProtectedHeader({ alg: ALG, typ, kid }).sign(privateKey)
    },
  }
}

async function claimEnvironment(store: KeyringDeps['store'], environment: 'live' | 'test'): Promise<void> {
  const pinned = await store.settings.pin({ name: 'environment', value: environment })
  if (pinned === environment) return
  throw new Error(
    `The store belongs to the environment ${pinned} and the service is configured for ${environment}: what a test proves must never count ` +
      'in a live system. Give each environment a store of its own, or set the environment back.',
  )
}

/** The newest key that has begun. */
function presentOf(keys: readonly Key[], time: number): Key | undefined {
  return keys.findLast((key) => key.activeFrom <= time)
}

/** Whether a key is over for good, given the key that follows it. */
function outlived(next: Key | undefined, time: number): boolean {
  return next !== undefined && next.activeFrom + KEY_AFTERLIFE_SECONDS <= time
}

/** What the rotation of signing keys needs. */
export type KeyRotationDeps = Readonly<{ store: Pick<Store, 'signingKeys'>; sealer: Sealer; environment: string; now: () => number }>

/**
 * Publishes a new key that begins to sign in {@link KEY_NOTICE_SECONDS}. The present one signs until then, and stays published while a token
 * of it may live.
 *
 * @returns the key, or `undefined` if another one begins at that very second
 */
export async function rotateSigningKey({ store, sealer, environment, now }: KeyRotationDeps): Promise<SigningKeyRecord | undefined> {
  const time = now()
  const record = await makeSigningKey({ sealer, environment, activeFrom: time + KEY_NOTICE_SECONDS, time })
  return (await store.signingKeys.publish({ record, change: { at: time, type: 'keys', withdrawn: [] } })) ? record : undefined
}

/** Withdraws all keys, those that are published for later too, and puts a new one in their place that signs at once. */
export async function replaceSigningKeys({
  store,
  sealer,
  environment,
  now,
}: KeyRotationDeps): Promise<Readonly<{ kid: string; withdrawn: readonly string[] }>> {
  const at = now()
  const replacement = await makeSigningKey({ sealer, environment, activeFrom: at, time: at })
  return { kid: replacement.kid, withdrawn: await store.signingKeys.withdrawAll({ replacement, at }) }
}

/** Makes a key, sealed for the store. */
async function makeSigningKey({
  sealer,
  environment,
  activeFrom,
  time,
}: Readonly<{ sealer: Sealer; environment: string; activeFrom: number; time: number }>): Promise<SigningKeyRecord> {
  const pair = await generateKeyPair(ALG, { extractable: true })
  const privateJwk = await exportJWK(pair.privateKey)
  const publicJwk = await exportJWK(pair.publicKey)
  const kid = await calculateJwkThumbprint(publicJwk)
  const sealedPrivateJwk = sealer.seal(JSON.stringify(privateJwk), signingKeyContext(environment, kid))
  return { kid, publicJwk, sealedPrivateJwk, createdAt: time, activeFrom }
}

async function openKey(record: SigningKeyRecord, sealer: Sealer, environment: string): Promise<Omit<Key, 'activeFrom'>> {
  const opened = sealer.open(record.sealedPrivateJwk, signingKeyContext(environment, record.kid))
  const jwk = JSON.parse(Buffer.from(opened).toString('utf8')) as JWK & { kty: 'EC'; crv: string; x: string; y: string }
  // RFC 7638: the thumbprint of the public members
  if ((await calculateJwkThumbprint(jwk)) !== record.kid) {
    throw new Error('A signing key in the store is not the one its id names, and will not sign. Restore the store from a backup.')
  }
  const privateKey = (await importJWK(jwk, ALG, { extractable: false })) as CryptoKey
  const { kty, crv, x, y } = jwk
  return { kid: record.kid, privateKey, publicJwk: { kty, crv, x, y, kid: record.kid, alg: ALG, use: 'sig' } }
}

/** Where the private half of a signing key is sealed to. */
export function signingKeyContext(environment: string, kid: string): SealContext {
  return { table: 'signing_keys', subject: environment, id: kid }
}
