import { pointer } from '../pointer.ts'
import { closest } from './suggest.ts'

/** One thing that is wrong with a policy document. */
export type PolicyIssue = Readonly<{
  /** JSON Pointer (RFC 6901) to what is wrong; empty for the whole document. */
  path: string
  /** What is wrong and how to fix it. */
  message: string
  /** A question such as `Did you mean "reports.view"?`, if a name looks mistyped. */
  suggestion?: string
}>

/** A place in the document: the members on the way to it. */
export type Place = readonly (string | number)[]

/** Collects issues while a document is read. */
export type Report = Readonly<{
  issues: readonly PolicyIssue[]
  /** Adds an issue; `given` and `known` make a suggestion if one is close. */
  add(place: Place, message: string, mistyped?: Readonly<{ given: string; known: readonly string[] }>): void
}>

/** An empty report. */
export function createReport(): Report {
  const issues: PolicyIssue[] = []
  return {
    issues,
    add(place, message, mistyped) {
      const match = mistyped === undefined ? undefined : closest(mistyped.given, mistyped.known)
      issues.push({
        path: pointer(...place),
        message,
        ...(match !== undefined && { suggestion: `Did you mean ${JSON.stringify(match)}?` }),
      })
    },
  }
}
