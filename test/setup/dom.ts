import { setImmediate } from 'node:timers/promises'
import { afterAll } from 'vitest'

// React works on in a later turn (its scheduler uses setImmediate); a document that is gone by then fails the whole run
afterAll(async () => {
  await setImmediate()
  await setImmediate()
})
