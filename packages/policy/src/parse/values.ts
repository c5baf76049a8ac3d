import { LONGEST_SECONDS, parseDuration } from '../duration.ts'
import type { Place, Report } from './issue.ts'

/** The members of an object that was read, without a prototype: `constructor` is a member only if the document has it. */
export type Members = Readonly<Record<string, unknown>>

const NAME = /^[A-Za-z][A-Za-z0-9._:-]{0,63}$/
const NAME_RULE = 'a letter, then at most 63 letters, digits and . _ : -'
const LONGEST_TEXT = 500
/** Half a character has no UTF-8 and so no digest (RFC 8785 §3.2.2.2). */
const LONE_SURROGATE = /\p{Surrogate}/u

/** Reads an object. With `known`, every other member is an issue. A member that is `undefined` counts as absent, as in JSON. */
export function readObject(value: unknown, place: Place, report: Report, known?: readonly string[]): Members | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report.add(place, `Expected an object, found ${kindOf(value)}.`)
    return undefined
  }
  const members: Record<string, unknown> = Object.create(null)
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue
    if (known === undefined || known.includes(key)) members[key] = member
    else report.add([...place, key], `Unknown member; allowed here: ${known.join(', ')}.`, { given: key, known })
  }
  return members
}

/** Reads an object whose keys are names that people chose. */
export function readNamed(value: unknown, place: Place, report: Report, what: string): Members | undefined {
  const members = readObject(value, place, report)
  if (members === undefined) return undefined
  const named: Record<string, unknown> = Object.create(null)
  for (const [name, member] of Object.entries(members)) {
    if (!NAME.test(name)) report.add([...place, name], `The name of a ${what} is ${NAME_RULE}.`)
    else if (name.startsWith('stile:')) report.add([...place, name], 'Names that begin with "stile:" are reserved; choose another one.')
    else named[name] = member
  }
  return named
}

/** Reads one of a few words. */
export function readWord<W extends string>(value: unknown, place: Place, report: Report, words: readonly W[]): W | undefined {
  if (typeof value === 'string' && (words as readonly string[]).includes(value)) return value as W
  const allowed = words.map((word) => JSON.stringify(word)).join(', ')
  const message = `Expected ${words.length > 1 ? 'one of ' : ''}${allowed}, found ${kindOf(value)}.`
  report.add(place, message, typeof value === 'string' ? { given: value, known: words } : undefined)
  return undefined
}

/** Reads a text for people: not empty, at most 500 characters. */
export function readText(value: unknown, place: Place, report: Report): string | undefined {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= LONGEST_TEXT && !LONE_SURROGATE.test(value)) return value
  report.add(place, `Expected a text of 1 to ${LONGEST_TEXT} characters, found ${kindOf(value)}.`)
  return undefined
}

/** Reads a duration and keeps it as it was written. */
export function readDuration<D extends string>(value: unknown, place: Place, report: Report, shortestSeconds = 0): D | undefined {
  const seconds = parseDuration(value)
  if (seconds !== undefined && seconds >= shortestSeconds) return value as D
  if (seconds !== undefined) report.add(place, 'Nothing is ever that fresh; write at least 1s.')
  else
    report.add(
      place,
      `Expected a whole number and one of s m h d, such as "15m", at most ${LONGEST_SECONDS / 86_400}d; found ${kindOf(value)}.`,
    )
  return undefined
}

/** Reads a list without repetition. */
export function readList<V>(
  value: unknown,
  place: Place,
  report: Report,
  read: (item: unknown, place: Place) => V | undefined,
): readonly V[] | undefined {
  if (!Array.isArray(value)) {
    report.add(place, `Expected a list, found ${kindOf(value)}.`)
    return undefined
  }
  const items: V[] = []
  // by index: a hole in an array is an item that is missing
  for (let index = 0; index < value.length; index++) {
    const item = read(value[index], [...place, index])
    if (item === undefined) continue
    if (items.includes(item)) report.add([...place, index], 'Listed twice; remove one.')
    else items.push(item)
  }
  return items
}

/** Reads a list with at least one item. */
export function readSome<V>(...args: Parameters<typeof readList<V>>): readonly V[] | undefined {
  const [value, place, report] = args
  if (Array.isArray(value) && value.length === 0) {
    report.add(place, 'The list is empty: add an item, or leave the member out.')
    return undefined
  }
  return readList(...args)
}

/** Reads the name of something that the document defines elsewhere. */
export function readReference(value: unknown, place: Place, report: Report, what: string, names: readonly string[]): string | undefined {
  if (typeof value === 'string' && names.includes(value)) return value
  if (typeof value === 'string')
    report.add(place, `There is no ${what} ${JSON.stringify(value.slice(0, 64))}.`, { given: value, known: names })
  else report.add(place, `Expected the name of a ${what}, found ${kindOf(value)}.`)
  return undefined
}

/** Reads the name of an operation parameter. */
export function readParameter(value: unknown, place: Place, report: Report): string | undefined {
  if (typeof value === 'string' && NAME.test(value)) return value
  report.add(place, `Expected the name of an operation parameter (${NAME_RULE}), found ${kindOf(value)}.`)
  return undefined
}

/** What a value is, for a message; a long text is not repeated. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return value.length <= 40 ? JSON.stringify(value) : 'a long text'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** An object of the members that are there. */
export function present<M extends Readonly<Record<string, unknown>>>(members: M): { [K in keyof M]?: Exclude<M[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never
}
