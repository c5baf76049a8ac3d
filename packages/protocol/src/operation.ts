import { canonicalJson } from './canonical-json.ts'
import { isObject, isWellFormed } from './lib/shape.ts'

// A global of every runtime that this package knows; its types belong to none of the libraries it is compiled with.
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> }

/** The concrete parameters (amount, currency, payee) that a proof can be bound to. */
export type Operation = Readonly<Record<string, string | number | boolean>>

/** How much an operation may say. Lengths are in UTF-16 code units. */
export const OPERATION_LIMITS = { members: 32, nameLength: 64, stringLength: 1024 } as const

/** One fault of an operation: where (JSON Pointer, RFC 6901) and what to do about it. */
export type OperationFault = Readonly<{ pointer: string; detail: string }>

/** An operation that can be bound, or every reason why it cannot. */
export type OperationResult = Readonly<{ ok: true; operation: Operation }> | Readonly<{ ok: false; errors: readonly OperationFault[] }>

/**
 * Reads an operation from outside: strings byte for byte, safe integers and booleans, within `OPERATION_LIMITS`.
 *
 * Money is a decimal string, since no fraction survives every number type on the way. With `bind`, every bound parameter must be
 * there and nothing else: what is shown to the person is exactly what is proven. Never throws.
 */
export function parseOperation(value: unknown, bind?: readonly string[]): OperationResult {
  if (!isObject(value)) return { ok: false, errors: [{ pointer: '', detail: 'must be an object of strings, whole numbers and booleans' }] }
  const names = Object.keys(value)
  if (names.length > OPERATION_LIMITS.members) {
    return { ok: false, errors: [{ pointer: '', detail: `must have at most ${OPERATION_LIMITS.members} parameters` }] }
  }
  const errors: OperationFault[] = []
  const operation: Record<string, string | number | boolean> = {}
  for (const name of names) {
    const read = value[name]
    const detail = faultOfName(name, bind) ?? faultOfValue(read)
    if (detail) errors.push({ pointer: pointerTo(name), detail })
    else operation[name] = read as string | number | boolean
  }
  for (const name of bind ?? []) {
    if (!Object.hasOwn(value, name)) errors.push({ pointer: pointerTo(name), detail: 'is missing: the proof is bound to it' })
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, operation }
}

/** What the digest of an operation covers. `salt` keeps a small amount or a known payee from being guessed from the digest. */
export type OperationContext = Readonly<{ feature: string; account: string; audience: string; params: Operation; salt: string }>

/**
 * The bytes whose SHA-256 is the digest of an operation: `stile-op-v1`, a zero byte, and the canonical JSON of the context, in UTF-8.
 *
 * The prefix keeps a digest made for anything else from counting as an operation's.
 *
 * @throws ProtocolError `not_canonical` if a string is not well-formed
 */
export function operationInput({ feature, account, audience, params, salt }: OperationContext): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`stile-op-v1\0${canonicalJson({ feature, account, audience, params, salt })}`)
}

function faultOfName(name: string, bind: readonly string[] | undefined): string | undefined {
  if (name === '' || name.length > OPERATION_LIMITS.nameLength) return `must have a name of 1 to ${OPERATION_LIMITS.nameLength} characters`
  if (name === '__proto__' || !isWellFormed(name)) return 'has a name that cannot be used: choose another one'
  if (bind && !bind.includes(name)) return 'is not bound by the policy: leave it out, or add it to bind'
  return undefined
}

function faultOfValue(value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined
  if (typeof value === 'number') {
    return Number.isSafeInteger(value)
      ? undefined
      : 'must be a whole number within ±(2^53 − 1): write fractions and money as a decimal string'
  }
  if (typeof value !== 'string') return 'must be a string, a whole number or a boolean'
  if (value.length > OPERATION_LIMITS.stringLength) return `must have at most ${OPERATION_LIMITS.stringLength} characters`
  return isWellFormed(value) ? undefined : 'must be well-formed Unicode, without lone surrogates'
}

function pointerTo(name: string): string {
  // Names come from outside and can be of any length; the pointer is for people.
  const short = name.length > OPERATION_LIMITS.nameLength ? `${name.slice(0, OPERATION_LIMITS.nameLength)}…` : name
  return `/${short.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
