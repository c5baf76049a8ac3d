import { type StileCode, toStileError } from '../base.ts'

/** A bounded wait. */
export type Wait = Readonly<{
  ms: number
  /** The code of the error if the promise is late or fails. Default: `service_unavailable`. */
  code?: StileCode
}>

/** Waits for a promise so long. Rejects with a `StileError`: the promise's own, or one of `code` with the failure as its cause. */
export function within<T>(promise: Promise<T>, { ms, code = 'service_unavailable' }: Wait): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error?: unknown) => reject(toStileError(error, code))
    setTimeout(fail, ms)
    promise.then(resolve, fail)
  })
}
