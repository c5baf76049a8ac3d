/** A map that forgets what was used longest ago once it is full. */
export type BoundedMap<K, V> = Readonly<{
  /** The value, which counts as used now. */
  get(key: K): V | undefined
  set(key: K, value: V): void
  delete(key: K): void
  clear(): void
  entries(): Iterable<[K, V]>
  size(): number
}>

/** Makes a map of at most `max` entries. */
export function createBoundedMap<K, V>(max: number): BoundedMap<K, V> {
  // a Map iterates in the order of insertion, so inserting again moves an entry to the end
  const map = new Map<K, V>()
  return {
    get(key) {
      const value = map.get(key)
      if (value === undefined) return undefined
      map.delete(key)
      map.set(key, value)
      return value
    },
    set(key, value) {
      map.delete(key)
      map.set(key, value)
      if (map.size > max) {
        const oldest = map.keys().next()
        if (!oldest.done) map.delete(oldest.value)
      }
    },
    delete(key) {
      map.delete(key)
    },
    clear() {
      map.clear()
    },
    entries: () => map.entries(),
    size: () => map.size,
  }
}
