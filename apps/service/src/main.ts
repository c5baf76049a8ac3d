import { runCommand } from './command.ts'

const result = await runCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  workingDirectory: process.cwd(),
  environment: process.env,
})

if ('exitCode' in result) process.exitCode = result.exitCode
else {
  let stopping = false
  const stop = (): void => {
    // whoever asks twice does not want to wait
    if (stopping) process.exit(1)
    stopping = true
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
