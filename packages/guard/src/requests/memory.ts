/** What is remembered of requests. */
export type RequestMemory<R extends object, T> = Readonly<{
  get(request: R): T | undefined
  set(request: R, value: T): void
}>

type Note<R, T> = Readonly<{ of: R; value: T }>

/**
 * Makes a memory of requests. What it keeps lies in the requests themselves, under a symbol that nobody else has: what is kept beside them, even
 * weakly, keeps them alive until the next full garbage collection.
 *
 * @param name  for those who look at a request while they search for a fault
 */
export function createRequestMemory<R extends object, T>(name: string): RequestMemory<R, T> {
  const place = Symbol(`stile guard ${name}`)
  // the few that take no more properties
  const beside = new WeakMap<R, T>()

  return {
    get(request) {
      const note = (request as { [place]?: Note<R, T> })[place]
      // an object that was made of another request has what that one has, and is another request
      return note?.of === request ? note.value : beside.get(request)
    },
    set(request, value) {
      if (Object.isExtensible(request)) (request as { [place]?: Note<R, T> })[place] = { of: request, value }
      else beside.set(request, value)
    },
  }
}
