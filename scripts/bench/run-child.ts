import { type SpawnOptions, spawn } from 'node:child_process'

/** How a process ended, and what it printed unless that went elsewhere. */
export type Ended = Readonly<{ code: number; printed: string }>

export type ChildOptions = Readonly<{
  file: string
  args: readonly string[]
  cwd: string
  /** Ends the process. */
  signal: AbortSignal
  stdio?: SpawnOptions['stdio']
  env?: NodeJS.ProcessEnv
}>

/**
 * Runs a process to its end, also if it is stopped: only then can be removed what it writes to.
 *
 * @throws the reason of `signal` if it aborts; an `Error` if the process cannot be started
 */
export async function runChild({ file, args, cwd, signal, stdio = ['ignore', 'pipe', 'pipe'], env }: ChildOptions): Promise<Ended> {
  signal.throwIfAborted()
  const child = spawn(file, args, { cwd, stdio, env })
  const stop = () => child.kill()
  signal.addEventListener('abort', stop)
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (ended) => resolve(ended ?? 1))
    })
    signal.throwIfAborted()
    return { code, printed }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
