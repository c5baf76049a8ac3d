import type { AttemptFailure } from '@stile/protocol'

/** Thrown inside this folder if a check fails; {@link settled} turns it into a result, so that no code outside ever catches one. */
export class Refusal extends Error {
  readonly failure: AttemptFailure

  constructor(failure: AttemptFailure) {
    super(failure)
    this.name = 'Refusal'
    this.failure = failure
  }
}

/** A ceremony that failed, and why. */
export type Failed = Readonly<{ ok: false; failure: AttemptFailure }>

/** Refuses unless a check holds. */
export function check(holds: boolean, failure: AttemptFailure): asserts holds {
  if (!holds) throw new Refusal(failure)
}

/** Runs what may throw because of what was sent, and refuses for the given reason if it does. */
export async function refuseIfThrown<T>(failure: AttemptFailure, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run()
  } catch {
    throw new Refusal(failure)
  }
}

/** Runs a ceremony and turns its refusal into a result. Any other error passes through. */
export async function settled<T>(run: () => Promise<T>): Promise<T | Failed> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, failure: error.failure }
    throw error
  }
}
