import { randomBytes } from 'node:crypto'
import { runCli } from './program.ts'

// whoever reads the output may have enough of it before its end, as head does
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  workingDirectory: process.cwd(),
  environment: process.env,
  now: () => Math.floor(Date.now() / 1000),
  random: (bytes) => randomBytes(bytes),
})
