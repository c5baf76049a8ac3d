import { type CompiledFeature, compileFeature } from './compile/access.ts'
import type { Policy } from './document.ts'
import { isPolicy } from './policy.ts'

/** A policy in the form that decides fast. */
export type CompiledPolicy = Readonly<{
  digest: string
  /** `refuse` if people may not enrol what is missing. */
  missing: 'enroll' | 'refuse'
  features: ReadonlyMap<unknown, CompiledFeature>
}>

const compiled = new WeakMap<object, CompiledPolicy>()

/** The compiled form of a policy, made at its first decision; `undefined` for a value that was not checked by this package. */
export function compiledOf(policy: Policy): CompiledPolicy | undefined {
  return compiled.get(policy) ?? (isPolicy(policy) ? compile(policy) : undefined)
}

function compile(policy: Policy): CompiledPolicy {
  const { document, digest } = policy
  const result: CompiledPolicy = {
    digest,
    missing: document.enrollment?.missing === 'deny' ? 'refuse' : 'enroll',
    features: new Map(policy.features.map((feature) => [feature, compileFeature(document, feature)])),
  }
  compiled.set(policy, result)
  return result
}
