import { OptionsError, type OptionsIssue, optionsIssue, parseOptions, type ServiceOptions } from '@stile/server'
import { CliError, loadPolicy, pathFrom } from '@stile/server/cli'
import { parseSettings, SETTING_NAMES, type Settings } from './settings.ts'

/** A configuration that has been checked, before anything of it was opened. */
export type CheckedConfig = Readonly<{
  settings: Settings & Readonly<{ port: number }>
  /** For `createService`, but for what is made at start. */
  options: Omit<ServiceOptions, 'store' | 'secret'> & { secret?: string }
}>

/** Where the service listens by default. */
const DEFAULT_PORT = 4000

/** 32 bytes that stand in while a configuration without a secret is checked; never used for anything. */
const NO_SECRET = new Uint8Array(32)

/**
 * Checks a configuration: all faults at once, those of the process and those of the service.
 *
 * @param directory  where relative paths begin
 * @throws {OptionsError}
 */
export async function checkConfig(
  values: Readonly<Record<string, unknown>>,
  directory: string,
  earlier: readonly OptionsIssue[] = [],
): Promise<CheckedConfig> {
  const { settings, issues: settingIssues } = parseSettings(values)
  const { policy, issues: policyIssues } = await policyOf(values, directory)
  const own = Object.fromEntries(Object.entries(values).filter(([name]) => !SETTING_NAMES.includes(name)))
  const secretIssues = secretMissing(values) ? [optionsIssue('secret', 'is missing')] : []
  const issues = [
    ...earlier,
    ...settingIssues,
    ...policyIssues,
    ...secretIssues,
    ...optionIssues({ ...own, policy, secret: own.secret ?? NO_SECRET }).filter(
      ({ path }) => policyIssues.length === 0 || path !== 'policy',
    ),
  ]
  if (settings === undefined || issues.length > 0) throw new OptionsError(issues)
  const options = { ...own, policy } as CheckedConfig['options']
  return {
    settings: { ...settings, database: pathFrom(directory, settings.database), port: settings.port ?? portOf(options.publicUrl) },
    options,
  }
}

/** Only a test service may make a secret for itself: a live one that lost its file would lose every enrolment with it. */
function secretMissing({ secret, environment }: Readonly<Record<string, unknown>>): boolean {
  return secret === undefined && environment !== 'test'
}

/** What `createService` would object to; the store is opened later. */
function optionIssues(options: object): readonly OptionsIssue[] {
  try {
    parseOptions({ ...options, log: 'silent' })
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error
    return error.issues.filter(({ path }) => path !== 'store')
  }
  return []
}

async function policyOf(
  { policy }: Readonly<Record<string, unknown>>,
  directory: string,
): Promise<Readonly<{ policy?: unknown; issues: readonly OptionsIssue[] }>> {
  if (typeof policy !== 'string') return { policy, issues: [] }
  try {
    return { policy: await loadPolicy(pathFrom(directory, policy), policy), issues: [] }
  } catch (error) {
    const what = error instanceof CliError || error instanceof Error ? error.message : 'cannot be read'
    return { issues: [optionsIssue('policy', what)] }
  }
}

/** A public URL on this machine names the port itself; in front of any other stands a proxy. */
function portOf(publicUrl: string): number {
  const { hostname, port } = new URL(publicUrl)
  return (hostname === 'localhost' || hostname === '127.0.0.1') && port !== '' ? Number(port) : DEFAULT_PORT
}
