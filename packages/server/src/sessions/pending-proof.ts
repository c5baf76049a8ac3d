import { StileError } from '../error.ts'
import type { Store, Use } from '../stores/store.ts'

/** A device proof that passed every check and is still to be remembered: before anything else is written, and before anything is answered. */
export type PendingProof = Readonly<{
  /**
   * Remembers it, unless that was done.
   *
   * @throws {StileError} `invalid_dpop_proof` if it was used before, also if that was said already
   */
  take(): Promise<void>
  /**
   * Makes a write that remembers it in the same transaction, and does nothing but answer `replayed` if it was used before. The write gets no use if
   * the proof is remembered already.
   *
   * @throws {StileError} as {@link PendingProof.take}
   */
  takeWith<T>(write: (use: Use | undefined) => Promise<T | 'replayed'>): Promise<T>
}>

export function createPendingProof({ replay }: Pick<Store, 'replay'>, use: Use): PendingProof {
  let taken: Promise<void> | undefined

  async function takeWith<T>(write: (use: Use | undefined) => Promise<T | 'replayed'>): Promise<T> {
    // a write under way may fail, and then it is this one that remembers the proof
    let before: typeof taken
    while (taken !== before) {
      before = taken
      await before
    }
    const isTaken = taken !== undefined
    const written = write(isTaken ? undefined : use)
    taken ??= written.then(
      (outcome) => {
        if (outcome === 'replayed') throw usedBefore()
      },
      () => {
        // the store failed, and has remembered nothing
        taken = undefined
      },
    )
    const outcome = await written
    await taken
    if (outcome === 'replayed') throw usedBefore()
    return outcome
  }

  return {
    takeWith,
    take: () => takeWith(async (use) => (use === undefined || (await replay.once(use)) ? undefined : 'replayed')),
  }
}

/** The verbs of the store that write nothing and may come before the proof is remembered; any other one waits for it. */
const READS: Readonly<{ [S in keyof Store]?: readonly (keyof Store[S])[] }> = {
  proofs: ['list'],
  devices: ['find'],
  stepUps: ['get', 'isOver'],
  operations: ['list'],
  authenticators: ['list'],
  guesses: ['count'],
  licenses: ['get'],
  changes: ['head', 'revokedBefore'],
  addresses: ['get'],
}

type Verbs<S extends keyof Store> = Readonly<Partial<Store[S]>>

/** A store that remembers the proof of a request with the first thing that it writes: in the same transaction if a step-up is opened or answered. */
export function storeTaking(store: Store, proof: PendingProof): Store {
  const stepUps: Verbs<'stepUps'> = {
    create: (record, opened) => proof.takeWith((use) => store.stepUps.create(record, { ...opened, use })),
    async takeChallenge(input) {
      const { id, method, challenge } = input
      if (challenge === undefined) return (await proof.takeWith((use) => store.stepUps.takeChallengeWith({ id, method, use }))).challenge
      await proof.take()
      return store.stepUps.takeChallenge(input)
    },
  }
  // most of the time these two only read
  const sessions: Verbs<'sessions'> = {
    async touch(input) {
      const seen = await store.sessions.touch({ ...input, readsOnly: true })
      if (seen.status !== 'unwritten') return seen
      await proof.take()
      return store.sessions.touch(input)
    },
  }
  const devices: Verbs<'devices'> = {
    async see(input) {
      if (await store.devices.see({ ...input, readsOnly: true })) return true
      await proof.take()
      return store.devices.see(input)
    },
  }
  const own: Readonly<{ [S in keyof Store]?: Verbs<S> }> = { stepUps, sessions, devices }

  const taking =
    (verb: (...args: unknown[]) => unknown) =>
    async (...args: unknown[]): Promise<unknown> => {
      await proof.take()
      return verb(...args)
    }
  return new Proxy(store, {
    get(_, name: keyof Store) {
      const member: unknown = store[name]
      if (typeof member === 'function') return taking(member as never)
      const reads: readonly PropertyKey[] = READS[name] ?? []
      return new Proxy(member as object, {
        get(verbs, verb) {
          const run: unknown = Reflect.get(own[name] ?? {}, verb) ?? Reflect.get(verbs, verb)
          const waits = typeof run === 'function' && !reads.includes(verb) && !Object.hasOwn(own[name] ?? {}, verb)
          return waits ? taking(run as never) : run
        },
      })
    },
  })
}

/** Refuses what somebody has recorded (RFC 9449 §11.1). */
function usedBefore(): StileError {
  return new StileError('invalid_dpop_proof', 'The proof was used before. Make a new one for every request.')
}
