import { Command, CommanderError } from 'commander'
import type { CliContext } from './context.ts'
import { addKeysCommand } from './keys.ts'
import { addPolicyCommand } from './policy.ts'
import { addSecretCommand } from './secret.ts'
import { addSubjectsCommand } from './subjects.ts'

/**
 * Runs the `stile` command line.
 *
 * @param args  the arguments behind the program's name
 * @returns the exit code: 0 done, 1 it could not be done, 2 the command was not understood
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<0 | 1 | 2> {
  const program = new Command('stile')
    .description(
      'Manages a Stile verification service: keys of machines, the policy, the secret, and subjects who have lost what they enrolled.',
    )
    .exitOverride()
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .showHelpAfterError('Add --help for what can be said here.')
  addKeysCommand(program, context)
  addPolicyCommand(program, context)
  addSecretCommand(program, context)
  addSubjectsCommand(program, context)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    context.err(`${error instanceof Error ? error.message : 'Something went wrong.'}\n`)
    return 1
  }
}
