import type { KeyObject } from 'node:crypto'

/** Keys by their thumbprint. */
export type KeyMemory = Readonly<{ get(jkt: string): KeyObject | undefined; remember(jkt: string, key: KeyObject): void }>

/** Keeps the keys that were remembered last, at most `max`: importing one takes as long as verifying with it. */
export function createKeyMemory(max: number): KeyMemory {
  // a Map keeps the order of insertion
  const keys = new Map<string, KeyObject>()
  return {
    get: (jkt) => keys.get(jkt),
    remember(jkt, key) {
      keys.delete(jkt)
      keys.set(jkt, key)
      if (keys.size > max) keys.delete(keys.keys().next().value as string)
    },
  }
}
