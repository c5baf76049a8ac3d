/** Waits until something holds, for what travels through sockets; rejects after `seconds`. */
export async function until(holds: () => Promise<boolean>, what: string, seconds = 10): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited ${seconds} seconds in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
