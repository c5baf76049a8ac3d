import { normalizeCode } from '@stile/protocol/code'

/** What can be read out of a typed or pasted text. */
export type ReadCode = Readonly<{
  /** The six digits, or those of a code that is not complete. */
  code: string
  /** Whether it is a code, and nothing else in the text could be one. */
  isSure: boolean
}>

/**
 * Reads a six-digit code out of a text: the digits of every script, with what people type between them. From a sentence it takes the group
 * of exactly six digits. Loaded when something else than plain digits is typed.
 */
export function readCode(text: string): ReadCode {
  const words = text.split(/\s+/).map(normalizeCode)
  const joined = words.join('')
  const found = sixDigits(joined)
  const all = new Set([...sixDigits(words.join(' ')), ...found])
  const [code = joined.replace(/\D/g, '')] = all
  return { code, isSure: all.size === 1 && found.length === 1 }
}

function sixDigits(text: string): readonly string[] {
  return text.match(/(?<!\d)\d{6}(?!\d)/g) ?? []
}
