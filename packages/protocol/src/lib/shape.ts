/** Whether a value is an object whose members can be read; arrays are not. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is a string that says something. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Whether a value is a whole number from 0 that a double holds exactly: a time in seconds, a cursor, an epoch. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Whether a value is an array of strings that say something. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}

/** Whether a string has no lone surrogate, and so has exactly one UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDFFF]/u.test(text)
}
