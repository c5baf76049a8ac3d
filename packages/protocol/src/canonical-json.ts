import { ProtocolError } from './error.ts'
import { isWellFormed } from './lib/shape.ts'

/** How deep a value may be nested: far beyond what anyone signs, far below what exhausts the stack. */
const MAX_DEPTH = 256

/**
 * Writes a JSON value in its one canonical form, so that equal values have equal bytes (RFC 8785, JCS).
 *
 * Refuses whatever JSON cannot say exactly instead of dropping it: `undefined`, functions, symbols, bigints, NaN, infinities,
 * lone surrogates, holes in arrays, dates, maps and other objects that are not plain, cycles, and more than 256 levels.
 *
 * @throws ProtocolError `not_canonical`
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0)
}

function write(value: unknown, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse('a number that is not finite')
    return JSON.stringify(value)
  }
  if (typeof value === 'string') return writeString(value)
  if (typeof value !== 'object') refuse(`a value of type ${typeof value}`)
  // A cycle has no end: it meets this limit as well.
  if (depth === MAX_DEPTH) refuse(`a cycle, or more than ${MAX_DEPTH} levels of nesting`)
  // Array.from visits holes too, so that they are refused like `undefined`.
  if (Array.isArray(value)) return `[${Array.from(value, (each) => write(each, depth + 1)).join()}]`
  if (Object.prototype.toString.call(value) !== '[object Object]') refuse('an object that is not plain')
  const members = value as Readonly<Record<string, unknown>>
  // The default order of `sort` is by UTF-16 code units, as RFC 8785 §3.2.3 wants it.
  const names = Object.keys(members).sort()
  return `{${names.map((name) => `${writeString(name)}:${write(members[name], depth + 1)}`).join()}}`
}

function writeString(text: string): string {
  if (!isWellFormed(text)) refuse('a string with a lone surrogate')
  return JSON.stringify(text)
}

function refuse(what: string): never {
  throw new ProtocolError('not_canonical', `The value contains ${what}, which has no canonical JSON form: pass plain JSON only.`)
}
