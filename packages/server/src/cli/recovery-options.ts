import type { Options } from '../options/options.ts'
import { loadConfigFile } from './config-file.ts'
import { type CliContext, CliError } from './context.ts'
import { load } from './load.ts'

/** What a recovery link needs of the configuration of the service. */
export type RecoveryOptions = Pick<Options, 'mail' | 'deliver' | 'help' | 'environment' | 'recovery'> &
  Readonly<{ webauthn: Pick<Options['webauthn'], 'rpName'> }>

const NAMES = ['mail', 'deliver', 'help', 'environment', 'recovery'] as const
/** What the service reads of the environment too; it wins over the file. */
const MAIL_VARIABLES = { url: 'STILE_MAIL_URL', from: 'STILE_MAIL_FROM' } as const

/**
 * Reads what a recovery link needs of the configuration of the service and its environment.
 *
 * @throws {CliError} with every fault of it, and no value that could be a secret
 */
export async function loadRecoveryOptions(config: string | undefined, context: CliContext): Promise<RecoveryOptions> {
  const { values } = await loadConfigFile(config, context.workingDirectory)
  const { environment: variables } = context
  const given: Record<string, unknown> = {
    ...values,
    mail: withVariables(values.mail, variables),
    environment: variables.STILE_ENVIRONMENT || values.environment || 'live',
  }
  const { SECTIONS } = await load.optionSections()
  const read: Record<string, unknown> = {}
  const faults: string[] = []
  for (const name of NAMES) {
    const result = SECTIONS[name].safeParse(given[name], { reportInput: false })
    if (result.success) read[name] = result.data
    else faults.push(...result.error.issues.map((issue) => `  ${[name, ...issue.path].join('.')}: ${issue.message}`))
  }
  if (faults.length > 0) throw new CliError(`The configuration of the service is not right:\n${faults.join('\n')}`)
  const rpName = variables.STILE_RP_NAME || (values.webauthn as { rpName?: unknown } | undefined)?.rpName
  const name = typeof rpName === 'string' && rpName !== '' ? rpName : 'this product'
  return { ...(read as Omit<RecoveryOptions, 'webauthn'>), webauthn: { rpName: name } }
}

function withVariables(mail: unknown, variables: CliContext['environment']): unknown {
  const found = Object.entries(MAIL_VARIABLES).flatMap(([member, name]) => (variables[name] ? [[member, variables[name]]] : []))
  return found.length === 0 ? mail : { ...(typeof mail === 'object' ? mail : {}), ...Object.fromEntries(found) }
}
