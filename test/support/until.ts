import { LIMITS } from '../limits.ts'

/** Waits until something holds, for what travels through sockets; rejects after `limit` milliseconds. */
export async function until(holds: () => Promise<boolean>, what: string, limit: number = LIMITS.wait): Promise<void> {
  const end = Date.now() + limit
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited ${limit / 1000} seconds in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
