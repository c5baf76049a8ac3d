/** A value with listeners. The value stays the same object until it is set. */
export type Observable<T> = Readonly<{
  get: () => T
  set: (next: T) => void
  /** Calls back after every `set`, until the returned function is called. */
  subscribe: (listener: () => void) => () => void
}>

/** Creates an observable value. A listener may subscribe twice and is then called twice. */
export function observable<T>(initial: T): Observable<T> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set: (next) => {
      value = next
      for (const listener of [...listeners]) {
        try {
          listener()
        } catch (error) {
          // what one listener does wrong is no matter of the others
          reportError(error)
        }
      }
    },
    subscribe: (listener) => {
      const entry = () => listener()
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
      }
    },
  }
}
