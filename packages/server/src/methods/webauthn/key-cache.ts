import type { KeyObject } from 'node:crypto'
import { readPublicKey } from './public-key.ts'

/** The most keys that are remembered: about a kilobyte each. */
const MOST_KEYS = 5_000

/**
 * Reads the keys of credentials and remembers those that were read last. A key is found by the very text that the store has of it: it says
 * nothing of whose it is, nor whether it still is enrolled, which only the row tells that was read for the ceremony.
 */
export function createKeyCache(most: number = MOST_KEYS): (stored: string) => KeyObject {
  const keys = new Map<string, KeyObject>()
  return (stored) => {
    const known = keys.get(stored)
    const key = known ?? readPublicKey(new Uint8Array(Buffer.from(stored, 'base64url')))
    // to the end, so that the first is the one that was used least recently
    keys.delete(stored)
    keys.set(stored, key)
    if (keys.size > most) keys.delete(keys.keys().next().value ?? '')
    return key
  }
}
