import { LIMITS } from '../limits.ts'

/** Waits until something holds, for what travels through sockets. */
export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + LIMITS.wait
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited ${LIMITS.wait / 1000} seconds in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
