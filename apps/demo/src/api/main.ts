import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSessionIssuer, generateSessionKey } from '@stile/guard'
import { env } from '../shared/env.ts'
import { createApi } from './app.ts'
import { seedLicenses } from './licenses.ts'

/** The key that signs session tokens: made once, kept beside the database, read by nobody else. */
async function sessionKey(): Promise<Awaited<ReturnType<typeof generateSessionKey>>> {
  const path = join(env.dataDir, 'session-key.json')
  if (!existsSync(path)) {
    mkdirSync(env.dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(path, JSON.stringify(await generateSessionKey()), { mode: 0o600 })
  }
  return JSON.parse(readFileSync(path, 'utf8'))
}

const sessions = createSessionIssuer({ issuer: env.api, audience: env.service, privateKey: await sessionKey() })
const { app, close } = createApi(sessions)
const { port, hostname } = new URL(env.api)
const server = app.listen(Number(port), hostname, (error?: Error) => {
  if (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    process.stderr.write(
      `${taken ? `Port ${port} is taken, so the demo API cannot start. Stop what uses it, then start again.` : error.message}\n`,
    )
    process.exit(1)
  }
  process.stdout.write(`The demo API listens at ${env.api}\n`)
})
void seedLicenses()

function stop(): void {
  server.close(() => process.exit(0))
  server.closeAllConnections()
  void close()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
