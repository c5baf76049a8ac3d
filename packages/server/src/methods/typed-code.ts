/** The longest text that is looked at, in UTF-16 code units. */
const LONGEST_TYPED = 64

/** The six digits of a code as people type it, spaces and hyphens left out; `undefined` if it is anything else than ASCII digits. */
export function normalizeCode(typed: unknown): string | undefined {
  if (typeof typed !== 'string' || typed.length > LONGEST_TYPED) return undefined
  const code = typed.replace(/[\s-]/g, '')
  return /^[0-9]{6}$/.test(code) ? code : undefined
}

/** The same of an answer `{ code }`, whatever else it may be. */
export function typedCode(response: unknown): string | undefined {
  return normalizeCode((response as { code?: unknown } | null | undefined)?.code)
}
