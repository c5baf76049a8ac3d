/** A value with listeners: the snapshot is stable until it is set. */
export type Observable<T> = readonly [get: () => T, set: (next: T) => void, subscribe: (listener: () => void) => () => void]

/** Creates an observable value. A listener may subscribe twice and is then called twice. */
export function observable<T>(value: T): Observable<T> {
  const listeners = new Set<() => void>()
  return [
    () => value,
    (next) => {
      value = next
      for (const listener of [...listeners]) listener()
    },
    (listener) => {
      const entry = () => listener()
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
      }
    },
  ]
}
