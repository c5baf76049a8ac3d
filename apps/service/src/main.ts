import { runCommand } from './command.ts'

const result = await runCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  workingDirectory: process.cwd(),
  environment: process.env,
})

if ('exitCode' in result) process.exitCode = result.exitCode
else {
  let stopping: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals): void => {
    // a second signal means that the operator does not want to wait; a terminal and a supervisor may each send one
    if (stopping === signal) process.exit(1)
    if (stopping) return
    stopping = signal
    result.running.close().then(
      () => {
        process.exitCode = 0
      },
      (error: unknown) => {
        process.stderr.write(`The service did not stop cleanly: ${error instanceof Error ? error.message : String(error)}\n`)
        process.exitCode = 1
      },
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}
