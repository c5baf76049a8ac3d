import { createLog, createService, type Log, OptionsError, optionsIssue } from '@stile/server'
import { createSqliteStore } from '@stile/server/sqlite'
import { appAround } from './app.ts'
import { type CheckedConfig, checkConfig } from './config.ts'
import { type Listening, listen } from './listen.ts'
import { keptSecret } from './secret.ts'
import type { ServiceConfig } from './settings.ts'

export { ListenError } from './listen.ts'
export type { ServiceConfig } from './settings.ts'

/** A service that listens. */
export type RunningService = Readonly<{
  url: string
  /** Where the admin API listens. */
  adminUrl: string
  /** Lets open requests finish, ends streams, closes the store. */
  close(): Promise<void>
}>

/**
 * Starts the service in this process.
 *
 * @param config  `port: 0` takes any free port; relative paths begin in the working directory
 * @throws {OptionsError} with every fault of the configuration at once
 * @throws {ListenError} if a port is taken
 */
export async function startService(config: ServiceConfig, extras: Readonly<{ log?: Log }> = {}): Promise<RunningService> {
  return await startChecked(await checkConfig(config, process.cwd()), extras)
}

/** Starts a service whose configuration has been checked. */
export async function startChecked({ settings, options }: CheckedConfig, extras: Readonly<{ log?: Log }> = {}): Promise<RunningService> {
  const log: Log = extras.log ?? createLog(settings.log)
  const store = createSqliteStore({ path: settings.database })
  const open: Listening[] = []
  let service: ReturnType<typeof createService> | undefined
  const close = async (): Promise<void> => {
    // from here on readyz says no, and streams end
    await service?.close()
    await Promise.all(open.map((each) => each.close(settings.shutdownSeconds)))
    await store.close()
  }
  try {
    service = createService({ ...options, secret: secretOf(options, settings.database, log), store, log })
    await service.ready
    const https = options.publicUrl.startsWith('https:')
    const { host, port, admin } = settings
    const main = await listen(appAround(service.router, { https }), { host, port, setting: 'STILE_PORT' })
    open.push(main)
    const side = await listen(appAround(service.adminRouter, { https: false }), { ...admin, setting: 'STILE_ADMIN_PORT' })
    open.push(side)
    log.info({ url: main.url, adminUrl: side.url, publicUrl: options.publicUrl, environment: options.environment }, 'the service listens')
    return { url: main.url, adminUrl: side.url, close }
  } catch (error) {
    await close()
    throw error
  }
}

function secretOf({ secret, environment }: CheckedConfig['options'], database: string, log: Log): string {
  if (secret !== undefined) return secret
  if (environment !== 'test') throw new OptionsError([optionsIssue('secret', 'is missing')])
  const kept = keptSecret(database)
  log.warn(
    { path: kept.path },
    `no secret is configured: ${kept.created ? 'one was made and is kept' : 'the one that is kept is used'} here, which is for tests only`,
  )
  return kept.secret
}
