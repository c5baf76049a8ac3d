import type { Command } from 'commander'
import type { CliContext } from './context.ts'

/** `stile secret`: a new secret for a service. */
export function addSecretCommand(program: Command, { out, random }: CliContext): void {
  program
    .command('secret')
    .description('Make a new secret of 32 random bytes, in base64. Keep it outside the database; whoever has both can read what is sealed.')
    .action(() => out(`${Buffer.from(random(32)).toString('base64')}\n`))
}
