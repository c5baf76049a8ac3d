const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
const WORDS = [
  ['d', 'day'],
  ['h', 'hour'],
  ['m', 'minute'],
  ['s', 'second'],
] as const

/** The longest duration that a policy may name: ten years of 365 days, in seconds. */
export const LONGEST_SECONDS = 315_360_000

/** The seconds of a duration such as `15m`, or `undefined` if it is not a whole number and one of `s m h d` of at most ten years. */
export function parseDuration(value: unknown): number | undefined {
  // ten years are nine digits in seconds; a leading zero is a typo more often than a wish
  const match = typeof value === 'string' ? /^(0|[1-9][0-9]{0,8})([smhd])$/.exec(value) : null
  if (match === null) return undefined
  const seconds = Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS]
  return seconds <= LONGEST_SECONDS ? seconds : undefined
}

/** A duration in people's words and the largest unit that divides it: `90` is "90 seconds", `900` is "15 minutes". */
export function durationInWords(seconds: number): string {
  for (const [unit, word] of WORDS) {
    const count = seconds / SECONDS[unit]
    if (Number.isInteger(count) && count > 0) return count === 1 ? `1 ${word}` : `${count} ${word}s`
  }
  return `${seconds} seconds`
}
