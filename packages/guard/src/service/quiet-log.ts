import { createBoundedMap } from '../lib/bounded-map.ts'
import type { GuardLog } from '../options/options.ts'

/** How long the same line is not written again, in seconds. */
const QUIET_SECONDS = 30
const MAX_LINES = 100

/** A log that writes a line which is the same, fields included, at most once in half a minute. */
export type QuietLog = Readonly<{
  log: GuardLog
  /** Things have changed: whatever goes wrong from now on is told at once. */
  changed(): void
}>

/** Makes a quiet log: a fault that lasts is met with every attempt and every request. */
export function createQuietLog({ log, now }: Readonly<{ log: GuardLog; now: () => number }>): QuietLog {
  const toldAt = createBoundedMap<string, number>(MAX_LINES)
  return {
    log(level, message, fields) {
      const line = JSON.stringify([level, message, fields])
      if (now() - (toldAt.get(line) ?? Number.NEGATIVE_INFINITY) < QUIET_SECONDS) return
      toldAt.set(line, now())
      log(level, message, fields)
    },
    changed: () => toldAt.clear(),
  }
}
