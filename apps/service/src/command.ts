import { loadConfigFile } from '@stile/server/cli'
import { Command, CommanderError } from 'commander'
import { checkConfig } from './config.ts'
import { overlay, VARIABLES } from './environment.ts'
import { type RunningService, startChecked } from './index.ts'
import { printableConfig } from './print-config.ts'

/** What the command gets passed in. */
export type CommandContext = Readonly<{
  out: (text: string) => void
  err: (text: string) => void
  workingDirectory: string
  environment: Readonly<Record<string, string | undefined>>
}>

/** What became of the command: it ended with an exit code, or a service runs. */
export type CommandResult = Readonly<{ exitCode: 0 | 1 | 2 }> | Readonly<{ running: RunningService }>

/** Reads arguments, configuration and environment, and starts the service. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<CommandResult> {
  const command = new Command('stile-service')
    .description('Runs the Stile verification service.')
    .option('--config <file>', 'the configuration: stile.config.json, .ts or .mjs; also STILE_CONFIG')
    .option('--print-config', 'show the configuration in force, without secrets, and end')
    .addHelpText('after', helpText())
    .exitOverride()
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .showHelpAfterError('Add --help for what can be said here.')
  try {
    command.parse([...args], { from: 'user' })
    const { config, printConfig } = command.opts<{ config?: string; printConfig?: true }>()
    const file = await loadConfigFile(config ?? context.environment.STILE_CONFIG, context.workingDirectory)
    const { values, issues } = overlay(file.values, context.environment)
    const checked = await checkConfig(values, file.directory, issues)
    if (printConfig) {
      context.out(printableConfig(checked))
      return { exitCode: 0 }
    }
    return { running: await startChecked(checked) }
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2 }
    context.err(`${error instanceof Error ? error.message : 'The service could not start.'}\n`)
    return { exitCode: 1 }
  }
}

function helpText(): string {
  const width = Math.max(...VARIABLES.map(({ name }) => name.length))
  const lines = VARIABLES.map(({ name, what }) => `  ${name.padEnd(width)}  ${what}`)
  return `
Environment (wins over the file):
${lines.join('\n')}

Exit codes: 0 ended as asked, 1 could not start, 2 the command was not understood.`
}
