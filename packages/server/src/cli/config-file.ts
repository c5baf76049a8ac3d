import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The names that are looked for if no file is named, in this order. */
export const CONFIG_FILES = ['stile.config.json', 'stile.config.ts', 'stile.config.mjs'] as const

/** A configuration as it was read, before anything of it is checked. */
export type LoadedConfig = Readonly<{
  /** The file, or `undefined` if there is none. */
  path?: string
  /** Relative paths in the configuration begin here. */
  directory: string
  values: Readonly<Record<string, unknown>>
}>

/** A file that cannot be read; the message says what to do. */
export class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError'
}

/**
 * Reads a configuration file: JSON, or a module (`.ts`, `.mjs`, `.js`) that exports `config` or has a default export.
 *
 * Without a name the working directory is searched for {@link CONFIG_FILES}; if none exists the configuration is empty.
 *
 * @throws {ConfigFileError}
 */
export async function loadConfigFile(name: string | undefined, workingDirectory: string): Promise<LoadedConfig> {
  const found = name ?? CONFIG_FILES.find((each) => existsSync(resolve(workingDirectory, each)))
  if (found === undefined) return { directory: workingDirectory, values: {} }
  const path = resolve(workingDirectory, found)
  if (!existsSync(path)) throw new ConfigFileError(`There is no file ${path}. Name an existing one with --config.`)
  const values = await loadDocument(path, ['config'])
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new ConfigFileError(`${path} does not hold an object with the configuration. Export one as \`config\`.`)
  return { path, directory: dirname(path), values: values as Record<string, unknown> }
}

/**
 * Reads a document from a JSON file, or from a module that exports it under one of these names or as its default.
 *
 * @throws {ConfigFileError}
 */
export async function loadDocument(path: string, names: readonly string[]): Promise<unknown> {
  if (extname(path) === '.json') return readJsonFile(path)
  let module: Record<string, unknown>
  try {
    module = (await import(pathToFileURL(path).href)) as Record<string, unknown>
  } catch (cause) {
    throw new ConfigFileError(`${path} cannot be loaded: ${messageOf(cause)}`, { cause })
  }
  const exported = [...names, 'default'].find((each) => module[each] !== undefined)
  if (exported === undefined) throw new ConfigFileError(`${path} exports neither ${names.join(' nor ')} nor a default.`)
  return module[exported]
}

/** An absolute path as it is, any other from the directory of the configuration. */
export function pathFrom(directory: string, path: string): string {
  return isAbsolute(path) ? path : resolve(directory, path)
}

function readJsonFile(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ConfigFileError(`${path} cannot be read: ${messageOf(cause)}`, { cause })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    // the engine's message quotes the text around the fault, which could be a secret
    const at = /position (\d+)/.exec(messageOf(cause))?.[1]
    const line = at === undefined ? undefined : text.slice(0, Number(at)).split('\n').length
    throw new ConfigFileError(`${path} is not valid JSON${line === undefined ? '' : ` (line ${line})`}. Correct it, or use a .ts file.`)
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
