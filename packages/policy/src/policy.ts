import { canonicalJson } from '@stile/protocol'
import type { Policy, PolicyDocument } from './document.ts'
import { sha256Base64Url } from './lib/sha256.ts'
import type { PolicyIssue } from './parse/issue.ts'
import { readPolicy } from './parse/read.ts'

/** What came of a document that was read from outside. */
export type ParsedPolicy = Readonly<{ ok: true; policy: Policy }> | Readonly<{ ok: false; issues: readonly PolicyIssue[] }>

/** Thrown by `definePolicy`: the document is not valid. `issues` lists everything that is wrong with it. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
  readonly issues: readonly PolicyIssue[]

  constructor(issues: readonly PolicyIssue[]) {
    const lines = issues.map(
      ({ path, message, suggestion }) => `  ${path || '(document)'}: ${message}${suggestion ? ` ${suggestion}` : ''}`,
    )
    super(`The policy is not valid, so nothing can be decided by it. Fix what is listed:\n${lines.join('\n')}`)
    this.issues = issues
  }
}

/** The policies that were checked here; anything else that looks like one decides nothing. */
const known = new WeakSet<object>()

/**
 * Defines a policy in code: names that do not exist are type errors, all else is checked at once when the module loads.
 *
 * @throws PolicyError with every issue, each with its path
 */
export function definePolicy<const F extends string, const T extends string, const C extends string = never>(
  document: PolicyDocument<F, T, C>,
): Policy<F, T> {
  const parsed = parsePolicy(document)
  if (!parsed.ok) throw new PolicyError(parsed.issues)
  return parsed.policy as Policy<F, T>
}

/**
 * Reads a policy document from outside, such as parsed JSON or YAML.
 *
 * Reports every error at once, each with its path and, if a name looks mistyped, a suggestion. Never throws.
 */
export function parsePolicy(value: unknown): ParsedPolicy {
  const read = readSafely(value)
  if (!read.ok) return read
  const document = deepFreeze(read.document)
  const policy: Policy = deepFreeze({
    digest: sha256Base64Url(canonicalJson(document)),
    features: Object.keys(document.features),
    tiers: Object.keys(document.tiers),
    document,
  })
  known.add(policy)
  return { ok: true, policy }
}

function readSafely(value: unknown): ReturnType<typeof readPolicy> {
  try {
    return readPolicy(value)
  } catch {
    // only a value that resists being read gets here, such as an object whose members throw
    return { ok: false, issues: [{ path: '', message: 'The document cannot be read: give a plain object, as JSON.parse returns it.' }] }
  }
}

/** Whether a value is a policy that was checked here. */
export function isPolicy(value: unknown): value is Policy {
  return typeof value === 'object' && value !== null && known.has(value)
}

/** The digest of a policy: two documents with the same rules have the same one, whatever the order of their members. */
export function policyDigest(policy: Policy): string {
  return policy.digest
}

/** The names of the features, in the order of the document. */
export function featuresOf<F extends string>(policy: Policy<F>): readonly F[] {
  return policy.features
}

/** The names of the tiers, in the order of the document. */
export function tiersOf<T extends string>(policy: Policy<string, T>): readonly T[] {
  return policy.tiers
}

function deepFreeze<V>(value: V): V {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
