import { type StileCode, StileError } from '../error.ts'

/** Waits for a promise, but not for ever: after `ms` milliseconds it rejects with `code` (default `service_unavailable`). */
export function within<T>(ms: number, promise: Promise<T>, code: StileCode = 'service_unavailable'): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new StileError(code)), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** Turns whatever a promise rejects with into a `StileError`: one stays as it is, anything else becomes the cause of `code`. */
export function orFail<T>(promise: Promise<T>, code: StileCode): Promise<T> {
  return promise.catch((error) => {
    throw error instanceof StileError ? error : new StileError(code, undefined, error)
  })
}
