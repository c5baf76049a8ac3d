/** A value with listeners: the snapshot is stable until `set`. */
export type Observable<T> = Readonly<{
  get: () => T
  set: (next: T) => void
  subscribe: (listener: () => void) => () => void
}>

/** Creates an observable value. A listener may subscribe twice and is then called twice. */
export function observable<T>(value: T): Observable<T> {
  const listeners = new Set<{ listener: () => void }>()
  return {
    get: () => value,
    set: (next) => {
      value = next
      for (const { listener } of [...listeners]) listener()
    },
    subscribe: (listener) => {
      const entry = { listener }
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
      }
    },
  }
}
