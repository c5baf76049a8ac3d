/** What a promise resolves to, or `undefined` where that takes longer. The timer keeps no process alive. */
export function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds, undefined)
    timer.unref()
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
