import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateSessionKey } from '@stile/guard'
import { env } from './env.ts'

/** A private key that is made once and then kept beside the database, readable by its owner alone. */
export async function keyFile(name: string): Promise<Awaited<ReturnType<typeof generateSessionKey>>> {
  const path = join(env.dataDir, name)
  if (!existsSync(path)) {
    mkdirSync(env.dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(path, JSON.stringify(await generateSessionKey()), { mode: 0o600 })
  }
  return JSON.parse(readFileSync(path, 'utf8'))
}
