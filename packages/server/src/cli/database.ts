import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { Store } from '../stores/store.ts'
import { loadConfigFile, pathFrom } from './config-file.ts'
import { type CliContext, CliError } from './context.ts'
import { load } from './load.ts'

/** Where a command finds the database, as its options say. */
export type Where = Readonly<{ config?: string; database?: string }>

/** Adds the options that say where the database is. */
export function located(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration of the service, whose database is used')
    .option('--database <file>', 'the database itself; also STILE_DATABASE')
}

/**
 * Opens the store for some work and closes it again.
 *
 * @throws {CliError} if no database is named, or there is none and none may be made
 */
export async function withStore<T>(where: Where, context: CliContext & { mayMake?: true }, work: (store: Store) => Promise<T>): Promise<T> {
  const path = await databasePath(where, context)
  // opening would make an empty database, in which there is nothing to find
  if (context.mayMake !== true && !existsSync(path))
    throw new CliError(`There is no database at ${path}. Start the service once, or name the right one with --database.`)
  const { createSqliteStore } = await load.sqliteStore()
  const store = createSqliteStore({ path, now: context.now })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/**
 * The database that a command is about.
 *
 * @throws {CliError} if none is named
 */
export async function databasePath({ config, database }: Where, context: CliContext): Promise<string> {
  return database ?? context.environment.STILE_DATABASE ?? (await databaseOf(config, context))
}

async function databaseOf(config: string | undefined, context: CliContext): Promise<string> {
  const { path, directory, values } = await loadConfigFile(config, context.workingDirectory)
  const database = values.database
  if (typeof database === 'string') return pathFrom(directory, database)
  throw new CliError(
    path === undefined
      ? 'No database is named. Name it with --database, or the configuration of the service with --config.'
      : `${path} names no "database". Name one there, or with --database.`,
  )
}
