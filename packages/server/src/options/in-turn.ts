/**
 * Runs calls with the same key one after the other, each after the former one has settled. Calls with other keys are not held up.
 *
 * It knows the calls of this process alone. Nothing rests on it that must hold: it keeps answers that were sent twice at once, as a double
 * click sends them, from being counted as so many guesses.
 */
export type InTurn = <T>(key: string, call: () => Promise<T>) => Promise<T>

/** Makes an {@link InTurn} that remembers a key for as long as one of its calls is under way. */
export function createInTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>()
  return async (key, call) => {
    const before = last.get(key)
    const turn = before === undefined ? call() : before.then(call, call)
    last.set(key, turn)
    try {
      return await turn
    } finally {
      if (last.get(key) === turn) last.delete(key)
    }
  }
}
