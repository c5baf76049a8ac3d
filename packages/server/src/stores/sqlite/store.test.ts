import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { sharedStoreContract, storeContract } from '../store-contract.test-support.ts'
import { createSqliteStore } from './store.ts'

const root = mkdtempSync(join(tmpdir(), 'stile-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let files = 0
const fresh = () => {
  files += 1
  return join(root, `${files}.db`)
}

storeContract('sqlite in a file', async () => createSqliteStore({ path: fresh() }))
storeContract('sqlite in memory', async () => createSqliteStore({ path: ':memory:' }))
sharedStoreContract('sqlite in a file', async () => {
  const path = fresh()
  return async () => createSqliteStore({ path })
})
