import { existsSync, readFileSync } from 'node:fs'
import { type OpenSecrets, openSecrets } from '../secrets/open-secrets.ts'
import { SealError } from '../secrets/seal.ts'
import type { Store } from '../stores/store.ts'
import { loadConfigFile } from './config-file.ts'
import { type CliContext, CliError } from './context.ts'
import { databasePath, type Where } from './database.ts'
import { load } from './load.ts'

/** The secrets that the service would be started with. */
export type GivenSecrets = Readonly<{ secret: Uint8Array; previousSecrets: readonly Uint8Array[] }>

/**
 * Reads the secrets where the service reads them: `STILE_SECRET` and `STILE_SECRET_PREVIOUS`, else the configuration, else the file that a
 * test service keeps beside its database.
 *
 * @throws {CliError} which holds no value of a secret
 */
export async function loadSecrets(where: Where, context: CliContext): Promise<GivenSecrets> {
  const { environment: variables } = context
  const { values } = await loadConfigFile(where.config, context.workingDirectory)
  const kept = `${await databasePath(where, context)}.secret`
  const secret = variables.STILE_SECRET || values.secret || (existsSync(kept) ? readFileSync(kept, 'utf8').trim() : undefined)
  if (secret === undefined) {
    throw new CliError(
      'No secret is given, so nothing that is sealed can be opened. Set STILE_SECRET as the service has it, or name its --config.',
    )
  }
  const previous = variables.STILE_SECRET_PREVIOUS?.split(',').map((each) => each.trim()) ?? values.previousSecrets
  return {
    secret: await read('secret', secret, 'STILE_SECRET'),
    previousSecrets: await read('previousSecrets', previous, 'STILE_SECRET_PREVIOUS'),
  }
}

/** The secrets of a store, and the environment that it belongs to. */
export type StoreSecrets = OpenSecrets & Readonly<{ environment: string }>

/**
 * Opens the store's secrets.
 *
 * @throws {CliError} if no service was ever started on it, or it is sealed with a secret that is not among those given
 */
export async function openStoreSecrets(store: Store, given: GivenSecrets, { random }: CliContext): Promise<StoreSecrets> {
  const environment = await store.settings.get('environment')
  if (environment === null) throw new CliError('No service was ever started on this database, so there is nothing in it to replace.')
  try {
    return { ...(await openSecrets(store, { ...given, random })), environment }
  } catch (error) {
    if (error instanceof SealError) throw new CliError(error.message)
    throw error
  }
}

async function read<K extends 'secret' | 'previousSecrets'>(name: K, value: unknown, variable: string): Promise<GivenSecrets[K]> {
  const { SECTIONS } = await load.optionSections()
  const result = SECTIONS[name].safeParse(value, { reportInput: false })
  if (result.success) return result.data as GivenSecrets[K]
  const faults = result.error.issues.map(({ message }) => message).join('; ')
  throw new CliError(
    `${variable} (${name} of the configuration) ${faults}. Each secret is 32 bytes in base64, as \`stile secret\` makes them.`,
  )
}
