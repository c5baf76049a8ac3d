import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The secret that was kept for a test service, and where. */
export type KeptSecret = Readonly<{ secret: string; path: string; created: boolean }>

/** Reads the secret that lies beside a database, or makes one there that only its owner can read. For test services alone. */
export function keptSecret(database: string): KeptSecret {
  const path = `${database}.secret`
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    const secret = randomBytes(32).toString('base64')
    // fails if it exists, so that two that start together agree on one
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: 'wx' })
    return { secret, path, created: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return { secret: readFileSync(path, 'utf8').trim(), path, created: false }
  }
}
