import type { Store } from '../stores/store.ts'
import {
  createSealer,
  keyIdOf,
  notAmong,
  type SealContext,
  SealError,
  type SealerOptions,
  type ServiceSealer,
  sealedKeyId,
} from './seal.ts'

/** What is opened with the secrets of a service. */
export type OpenSecrets = Readonly<{
  sealer: ServiceSealer
  /** 32 bytes that keyed hashes are derived from. It stays the same when the secret is replaced: a hash cannot be made again. */
  hashSecret: Uint8Array<ArrayBuffer>
  /** Looks which secret seals now; to be called when the change log says so. `false`: it is none of those given, so nothing is sealed. */
  refresh(): Promise<boolean>
}>

/** The setting that names the secret which seals. */
export const SEALING_KEY_SETTING = 'secret.sealing'
/** Settings that are sealed have names that begin so. */
export const SEALED_SETTING_PREFIX = 'sealed.'
const HASH_SETTING = `${SEALED_SETTING_PREFIX}hash-secret`

/** Where a sealed setting is sealed to. */
export function settingContext(name: string): SealContext {
  return { table: 'settings', subject: '', id: name }
}

/**
 * Opens the secrets of a service. Which of them seals is written in the store, so that all processes agree on it: one that was given a new
 * secret goes on sealing with the former one until `stile secret rotate` was run.
 *
 * @throws {SealError} `secret_changed` if the store is sealed with a secret that is not among those given
 */
export async function openSecrets(
  { settings, signingKeys }: Pick<Store, 'settings' | 'signingKeys'>,
  given: SealerOptions,
): Promise<OpenSecrets> {
  const secrets = [given.secret, ...(given.previousSecrets ?? [])]
  const sealer = createSealer(given)
  // a store from before this was written down is sealed with one secret, and its hashes were made with the same one
  const [former] = await signingKeys.list()
  const formerKeyId = former && sealedKeyId(former.sealedPrivateJwk)

  const refresh = async (): Promise<boolean> =>
    sealer.sealWith(await settings.pin({ name: SEALING_KEY_SETTING, value: formerKeyId ?? keyIdOf(given.secret) }))
  if (!(await refresh())) {
    throw new SealError('secret_changed', notAmong((await settings.get(SEALING_KEY_SETTING)) ?? 'unknown', sealer.keyIds))
  }
  const hashSecret = secrets.find((each) => keyIdOf(each) === formerKeyId) ?? given.random(32)
  const context = settingContext(HASH_SETTING)
  const sealed = await settings.pin({ name: HASH_SETTING, value: sealer.seal(hashSecret, context) })
  return { sealer, hashSecret: new Uint8Array(sealer.open(sealed, context)), refresh }
}
