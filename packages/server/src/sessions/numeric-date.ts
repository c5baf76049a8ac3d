/** Enough digits for every second up to the year 9999, with room for the milliseconds that a refusal then speaks of. */
const DIGITS = /^\d{1,15}$/

/**
 * A time in a token (RFC 7519 §2, NumericDate), in seconds since the epoch. Some login providers write its digits as a text, which is read
 * alike. `undefined` for anything else; never throws.
 */
export function readNumericDate(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}
