/** A map that forgets what was used longest ago once it is full. */
export type BoundedMap<K, V> = Readonly<{
  /** The value, which counts as used now. */
  get(key: K): V | undefined
  /** The value, without counting as used. */
  peek(key: K): V | undefined
  set(key: K, value: V): void
  delete(key: K): void
  clear(): void
  entries(): Iterable<[K, V]>
  size(): number
}>

/**
 * Makes a map of at most `max` entries.
 *
 * @param onDrop  told of every entry that is no longer there, or has another value now
 */
export function createBoundedMap<K, V>(max: number, onDrop?: (key: K, value: V) => void): BoundedMap<K, V> {
  // a Map iterates in the order of insertion, so inserting again moves an entry to the end
  const map = new Map<K, V>()
  const drop = (key: K): void => {
    const value = map.get(key)
    if (value === undefined) return
    map.delete(key)
    onDrop?.(key, value)
  }
  return {
    get(key) {
      const value = map.get(key)
      if (value === undefined) return undefined
      map.delete(key)
      map.set(key, value)
      return value
    },
    peek: (key) => map.get(key),
    set(key, value) {
      drop(key)
      map.set(key, value)
      if (map.size > max) {
        const oldest = map.keys().next()
        if (!oldest.done) drop(oldest.value)
      }
    },
    delete: drop,
    clear() {
      for (const key of [...map.keys()]) drop(key)
    },
    entries: () => map.entries(),
    size: () => map.size,
  }
}
