export type { SqliteStoreOptions } from './store.ts'
export { createSqliteStore } from './store.ts'
