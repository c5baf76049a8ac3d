import type { OptionsIssue, ServiceOptions } from '@stile/server'
import { optionsIssue } from '@stile/server'
import { z } from 'zod'

/**
 * The configuration of the service: what `createService` takes, and what it is to run as a process.
 *
 * `policy` may also name a file, `secret` may be left out for `environment: 'test'`.
 */
export type ServiceConfig = Omit<ServiceOptions, 'store' | 'secret' | 'log' | 'now' | 'random'> &
  Partial<z.input<typeof SETTINGS>> & {
    /** 32 bytes in base64. */
    secret?: string
  }

const port = z.int().min(0).max(65_535)

/** What the process itself needs, with its defaults. Times in seconds. */
export const SETTINGS = z.object({
  /** The database file. */
  database: z.string().min(1).default('.stile/stile.db'),
  host: z.string().min(1).default('127.0.0.1'),
  port: port.optional(),
  admin: z.strictObject({ host: z.string().min(1).default('127.0.0.1'), port: port.default(4010) }).prefault({}),
  log: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  /** How long open requests may take to finish at shutdown. */
  shutdownSeconds: z.number().min(0).max(300).default(10),
})

export type Settings = z.output<typeof SETTINGS>

const HINTS: Readonly<Record<string, Readonly<{ why: string; fix: string }>>> = {
  database: { why: 'Everything that the service must remember is in it.', fix: 'Name a file, such as ".stile/stile.db".' },
  host: { why: 'The service listens on it.', fix: 'Give an address such as "127.0.0.1", or "0.0.0.0" for all.' },
  port: { why: 'The service listens on it.', fix: 'Give a number from 0 to 65535; 0 takes any free port.' },
  admin: {
    why: 'Licenses are changed on it, so it is apart from the public port.',
    fix: 'Give { host, port }; the default is 127.0.0.1:4010.',
  },
  log: { why: 'It says how much is logged.', fix: 'Use one of: silent, fatal, error, warn, info, debug, trace.' },
  shutdownSeconds: { why: 'Open requests may finish before the process ends.', fix: 'Give 0 to 300 seconds.' },
}

/** The names of the settings that are not options of `createService`. */
export const SETTING_NAMES = Object.keys(SETTINGS.shape)

/** Reads the settings of the process; every fault is told at once. */
export function parseSettings(
  values: Readonly<Record<string, unknown>>,
): Readonly<{ settings?: Settings; issues: readonly OptionsIssue[] }> {
  const own = Object.fromEntries(SETTING_NAMES.filter((name) => name in values).map((name) => [name, values[name]]))
  const result = SETTINGS.safeParse(own)
  if (result.success) return { settings: result.data, issues: [] }
  const issues = result.error.issues.map((issue) => optionsIssue(issue.path.join('.'), issue.message, HINTS[String(issue.path[0])]))
  return { issues }
}
