/**
 * Every limit of time that tests have, in milliseconds. Each is at least five times what the longest case takes alone on a machine with two
 * cores: on a busy machine tests take longer, and do not fail. What must be fast is measured by `pnpm bench`.
 */
export const LIMITS = {
  /** One unit test or story. */
  test: 60_000,
  /** The set-up of a file, which may start a service. */
  hook: 60_000,
  /** One browser journey. */
  journey: 180_000,
  /** Starting the whole demo: five processes. */
  start: 300_000,
  /** Until something holds that travels through sockets or has to be drawn. */
  wait: 30_000,
  /** Until a revocation is honoured, as the documents promise. Alone it takes a twentieth of that. */
  promised: 1_000,
  /** Until an open page shows what has changed on the service. */
  push: 10_000,
} as const

declare module 'vitest' {
  interface ProvidedContext {
    /** For the tests of packages: `inject('limits')`. */
    limits: typeof LIMITS
  }
}
