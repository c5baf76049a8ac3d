import { type StileCode, StileError } from '../error.ts'

/** Waits `ms` milliseconds for a promise; being late or failing otherwise is a `StileError` of `code` (default `service_unavailable`) with its cause. One of ours stays. */
export function within<T>(ms: number, promise: Promise<T>, code: StileCode = 'service_unavailable'): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error?: unknown) => reject(error instanceof StileError ? error : new StileError(code, undefined, error))
    setTimeout(fail, ms)
    promise.then(resolve, fail)
  })
}
