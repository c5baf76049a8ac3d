/** What people put between the digits of a code, or copy along with it: spaces, dashes, and marks that nobody sees (U+2212 is the minus). */
const BETWEEN = /[\s\p{Cf}\p{Pd}\u2212]/gu
const DIGIT = /\p{Nd}/u

/**
 * A typed code as it is compared: the decimal digits of every script in ASCII, without spaces, dashes and invisible marks. All else stays, so
 * that the caller can tell what is no code.
 */
export function normalizeCode(typed: string): string {
  return typed.replace(BETWEEN, '').replace(/\p{Nd}/gu, asciiDigit)
}

/** Digits stand in rows from zero to nine, so that the value of one is how many stand before it (Unicode Standard §4.6). */
function asciiDigit(digit: string): string {
  const point = digit.codePointAt(0) ?? 0
  let before = 0
  while (DIGIT.test(String.fromCodePoint(point - before - 1))) before++
  return String(before % 10)
}
