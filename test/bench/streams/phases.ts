/** The phases of one measurement. */
export type Phases = Readonly<{
  /**
   * Runs one phase and notes how long it took.
   *
   * @throws Error that names the phase if it is not over in time: what hangs is told, and not waited for
   */
  run<T>(name: string, task: () => Promise<T>): Promise<T>
  /** How long each phase took, as one line. */
  summary(): string
}>

/** @param limitSeconds  how long a phase may take */
export function createPhases(limitSeconds: number): Phases {
  const taken: string[] = []
  return {
    async run(name, task) {
      const begun = performance.now()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        const error = new Error(`"${name}" was not over within ${limitSeconds} s. Before it: ${taken.join(', ') || 'nothing'}.`)
        timer = setTimeout(reject, limitSeconds * 1000, error)
      })
      try {
        return await Promise.race([task(), late])
      } finally {
        clearTimeout(timer)
        taken.push(`${name} ${((performance.now() - begun) / 1000).toFixed(1)} s`)
      }
    },
    summary: () => taken.join(', '),
  }
}
