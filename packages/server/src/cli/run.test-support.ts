import type { CliContext } from './context.ts'
import { runCli } from './program.ts'

/** How a command ended, and what it printed. */
export type CommandRun = Readonly<{ code: 0 | 1 | 2; out: string; err: string }>

/** Runs a command of `stile` in a folder, with an empty environment unless one is given. */
export async function runCommand(
  args: readonly string[],
  { environment = {}, ...context }: Pick<CliContext, 'workingDirectory' | 'now'> & Partial<Pick<CliContext, 'environment'>>,
): Promise<CommandRun> {
  let out = ''
  let err = ''
  const code = await runCli(args, {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    environment,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    ...context,
  })
  return { code, out, err }
}
