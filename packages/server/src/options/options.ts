import { closest } from '@stile/policy'
import type { z } from 'zod'
import { createRandom } from '../secrets/random.ts'
import { crossChecks } from './checks/checks.ts'
import { OptionsError, type OptionsIssue, optionsIssue } from './error.ts'
import { createLog } from './log.ts'
import { type Log, SECTIONS, type Sections, type SectionsInput } from './schema.ts'

/** What `createService` takes: see each member of {@link Options}; those with a default may be left out. */
export type ServiceOptions = SectionsInput

/** The options of a service, checked and with every default filled in. */
export type Options = Readonly<
  Omit<Sections, 'log' | 'random'> & {
    log: Log
    /** Cryptographically strong random bytes. */
    random: (bytes: number) => Uint8Array
  }
>

/** One primary login whose session tokens count. */
export type IssuerOptions = Options['issuers'][number]

/** One API that tokens are issued for. */
export type AudienceOptions = Options['audiences'][number]

/** One front end and its origins. */
export type ClientOptions = Options['clients'][number]

/**
 * Reads the options of a service.
 *
 * Everything is checked at once: the error lists each fault with its path, why it matters and how to fix it, and holds no value that
 * could be a secret.
 *
 * @throws {OptionsError}
 */
export function parseOptions(input: unknown): Options {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new OptionsError([optionsIssue('', 'are not an object')])
  const issues: OptionsIssue[] = []
  const sections: Record<string, unknown> = {}
  for (const key of Object.keys(input)) {
    if (!Object.hasOwn(SECTIONS, key)) issues.push(unknownKey('', key, Object.keys(SECTIONS)))
  }
  for (const [key, schema] of Object.entries(SECTIONS)) {
    const result = (schema as z.ZodType).safeParse((input as Record<string, unknown>)[key])
    if (result.success) sections[key] = result.data
    else issues.push(...result.error.issues.flatMap((issue) => explain(issue, [key])))
  }
  issues.push(...crossChecks(sections as Partial<Sections>))
  if (issues.length > 0) throw new OptionsError(issues)
  const { log, random, ...rest } = sections as Sections
  return { ...rest, random: random ?? createRandom(), log: typeof log === 'string' ? createLog(log) : log }
}

type ZodIssue = z.core.$ZodIssue

function explain(issue: ZodIssue, above: readonly PropertyKey[]): OptionsIssue[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(pathText(path), key, []))
  // of a union, the branch that got furthest says what is wrong
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.filter((each) => !each.every(({ code, path: deep }) => code === 'invalid_type' && deep.length === 0))
    const best = branches[0]
    if (best !== undefined) return best.flatMap((each) => explain(each, path))
    return [optionsIssue(pathText(path), 'is missing or not of a type that fits')]
  }
  const fix: unknown = issue.code === 'custom' ? issue.params?.fix : undefined
  return [optionsIssue(pathText(path), sentence(issue), typeof fix === 'string' ? { fix } : {})]
}

function sentence(issue: ZodIssue): string {
  if (issue.code === 'invalid_type')
    return issue.input === undefined ? `is missing (${issue.expected})` : `is not of type ${issue.expected}`
  if (issue.code === 'invalid_value') return `is not one of: ${issue.values.map(String).join(', ')}`
  if (issue.code === 'too_small') return issue.origin === 'array' ? 'is empty' : `is smaller than ${issue.minimum}`
  if (issue.code === 'too_big') return `is larger than ${issue.maximum}`
  return issue.message === 'Invalid input' ? 'is missing or not of a type that fits' : issue.message
}

function unknownKey(path: string, key: string, known: readonly string[]): OptionsIssue {
  const near = closest(key, known)
  return optionsIssue(path === '' ? key : `${path}.${key}`, 'is not an option', {
    why: 'A misspelt option would be silently without effect.',
    fix: near === undefined ? 'Remove it, or correct its spelling.' : `Did you mean "${near}"?`,
  })
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`)).join('')
}
