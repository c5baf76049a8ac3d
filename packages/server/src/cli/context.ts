/** What the command line gets passed in. */
export type CliContext = Readonly<{
  out: (text: string) => void
  err: (text: string) => void
  workingDirectory: string
  environment: Readonly<Record<string, string | undefined>>
  /** Whole seconds since the epoch. */
  now: () => number
  random: (bytes: number) => Uint8Array
}>

/** A command that did its work and found something wrong: told to people, exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError'
}
