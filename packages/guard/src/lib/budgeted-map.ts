/** How full a memory is. */
export type Usage = Readonly<{ bytes: number; entries: number; evictions: number }>

/** A map that holds what fits into a number of bytes. Of more, it forgets what was not used for longest, about. */
export type BudgetedMap<K, V> = Readonly<{
  /** The value, which counts as used now. */
  get(key: K): V | undefined
  set(key: K, value: V): void
  delete(key: K): void
  clear(): void
  /** Counts bytes that lie beside the map, and makes room for them. */
  charge(bytes: number): void
  usage(): Usage
}>

/** What a map is made of. */
export type BudgetedMapOptions<K, V> = Readonly<{
  maxBytes: number
  /** How many bytes an entry takes: the same for the same entry. */
  sizeOf: (key: K, value: V) => number
  /** Told of every entry that is no longer there, or has another value now. */
  onDrop?: (key: K, value: V) => void
}>

const NEARLY_FULL = 3 / 4
const YOUNG_SHARE = 1 / 4

/**
 * Makes a map that is measured in bytes.
 *
 * It has two generations: what is read moves to the young one, and room is made by forgetting the oldest of the old one. So a read writes
 * nothing while there is room, and seldom after that.
 */
export function createBudgetedMap<K, V>({ maxBytes, sizeOf, onDrop }: BudgetedMapOptions<K, V>): BudgetedMap<K, V> {
  let young = new Map<K, V>()
  let old = new Map<K, V>()
  // one iterator to the end: a new one would walk again over all that was deleted before
  let oldest = old.keys()
  let bytes = 0
  // what has come since the young ones were none, gone again or not
  let youngBytes = 0
  let evictions = 0

  const drop = (key: K): void => {
    const value = young.get(key) ?? old.get(key)
    if (value === undefined) return
    if (!young.delete(key)) old.delete(key)
    bytes -= sizeOf(key, value)
    onDrop?.(key, value)
  }

  /** What is young becomes the youngest of the old. */
  const age = (): void => {
    if (old.size === 0) {
      old = young
      oldest = old.keys()
    } else for (const [key, value] of young) old.set(key, value)
    young = new Map()
    youngBytes = 0
  }

  const makeRoom = (): void => {
    // early enough that an entry which is used again is young again before room is made
    if (bytes > maxBytes * NEARLY_FULL && youngBytes > maxBytes * YOUNG_SHARE) age()
    while (bytes > maxBytes && young.size + old.size > 0) {
      const next = oldest.next()
      if (next.done) age()
      else {
        evictions += 1
        drop(next.value)
      }
    }
  }

  return {
    get(key) {
      const value = young.get(key)
      if (value !== undefined || old.size === 0) return value
      const aged = old.get(key)
      if (aged === undefined) return undefined
      old.delete(key)
      young.set(key, aged)
      youngBytes += sizeOf(key, aged)
      return aged
    },
    set(key, value) {
      drop(key)
      young.set(key, value)
      const size = sizeOf(key, value)
      bytes += size
      youngBytes += size
      makeRoom()
    },
    delete: drop,
    clear() {
      const all = [...old, ...young]
      old = new Map()
      young = new Map()
      youngBytes = 0
      oldest = old.keys()
      for (const [key, value] of all) {
        bytes -= sizeOf(key, value)
        onDrop?.(key, value)
      }
    },
    charge(more) {
      bytes += more
      if (more <= 0) return
      youngBytes += more
      makeRoom()
    },
    usage: () => ({ bytes, entries: young.size + old.size, evictions }),
  }
}
