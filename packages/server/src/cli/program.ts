import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import type { CliContext } from './context.ts'
import { addKeysCommand } from './keys.ts'
import { addPolicyCommand } from './policy.ts'
import { addSecretCommand } from './secret.ts'
import { addSubjectsCommand } from './subjects.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

const AFTER_HELP = `
Examples:
  stile keys create --scope guard --audience https://api.example.com --database stile.db
  stile policy check stile.policy.ts
  stile help subjects recover

Exit codes: 0 done, 1 it could not be done or something is wrong with what was checked, 2 the command was not understood.
`

/** Creates the command line, whose actions run in this context. */
export function createProgram(context: CliContext): Command {
  const program = new Command('stile')
    .description(
      'Manages a Stile verification service: keys of machines, the policy, the secret, and subjects who have lost what they enrolled.',
    )
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', AFTER_HELP)
    .exitOverride()
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .showHelpAfterError('Add --help for what can be said here.')
  addKeysCommand(program, context)
  addPolicyCommand(program, context)
  addSecretCommand(program, context)
  addSubjectsCommand(program, context)
  return program
}

/**
 * Runs the `stile` command line.
 *
 * @param args  the arguments behind the program's name
 * @returns the exit code: 0 done, 1 it could not be done, 2 the command was not understood
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<0 | 1 | 2> {
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    context.err(`${error instanceof Error ? error.message : 'Something went wrong.'}\n`)
    return 1
  }
}
