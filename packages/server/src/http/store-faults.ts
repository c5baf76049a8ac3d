import type { Store } from '../stores/store.ts'

/** A store that remembers which errors came out of it. */
export type WatchedStore = Readonly<{
  store: Store
  /** Whether an error was thrown by a verb of the store: then the service is unavailable, and the request is not to blame. */
  failed(error: unknown): boolean
}>

/** Wraps every verb of a store; results and errors pass as they are. */
export function watchStore(inner: Store): WatchedStore {
  const errors = new WeakSet<object>()
  const note = (error: unknown): never => {
    if (typeof error === 'object' && error !== null) errors.add(error)
    throw error
  }
  const wrapVerb =
    (verbs: object, verb: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): unknown => {
      try {
        const result = verb.apply(verbs, args)
        return result instanceof Promise ? result.catch(note) : result
      } catch (error) {
        return note(error)
      }
    }
  const wrap = (verbs: object, depth: number): object => {
    const wrapped: Record<string, unknown> = {}
    for (const name of verbsOf(verbs)) {
      const member = (verbs as Record<string, unknown>)[name]
      if (typeof member === 'function') wrapped[name] = wrapVerb(verbs, member as (...args: unknown[]) => unknown)
      else if (depth > 0 && typeof member === 'object' && member !== null) wrapped[name] = wrap(member, depth - 1)
    }
    return wrapped
  }
  return { store: wrap(inner, 1) as Store, failed: (error) => typeof error === 'object' && error !== null && errors.has(error) }
}

/** Own members and those of the classes above, so that stores may be plain objects or classes. */
function verbsOf(verbs: object): Set<string> {
  const names = new Set<string>()
  for (let at: object | null = verbs; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) if (name !== 'constructor') names.add(name)
  }
  return names
}
