import { createService, type Store } from '@stile/server'
import { createSqliteStore } from '@stile/server/sqlite'
import type { Express } from 'express'
import express, { type Router } from 'express'
import { listen, stop } from './listening.ts'
import type { StackOptions } from './stack.ts'

/** How a service stands in an application of somebody else. */
export type MountedOptions = Readonly<{
  /** Puts the router into the application, at the path of the stack. */
  arrange: (router: Router) => Express
  /** Gets the store, to make it fail. */
  onStore?: (store: Store) => void
}>

/** Runs the service as a library, mounted in an Express application; for `run` of `startStack`. */
export function mounted({ arrange, onStore }: MountedOptions): NonNullable<StackOptions['run']> {
  return async ({ options, database, port, adminPort, log }) => {
    const store = createSqliteStore({ path: database })
    onStore?.(store)
    const service = createService({ ...options, store, log })
    await service.ready
    const main = await listen(arrange(service.router), port)
    const admin = await listen(express().use(service.adminRouter), adminPort)
    return {
      url: options.publicUrl,
      adminUrl: `http://127.0.0.1:${adminPort}`,
      async close() {
        await service.close()
        await Promise.all([main, admin].map(stop))
        await store.close()
      },
    }
  }
}
