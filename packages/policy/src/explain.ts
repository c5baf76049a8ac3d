import type { Decision } from '@stile/protocol'
import { list, methodsInWords, quote, requirementInWords } from './words.ts'

/** Explains a decision in a few lines of text: the outcome, what would help, and every reason with its place in the policy. */
export function explain(decision: Decision): string {
  const lines = [`${quote(decision.feature)}: ${summary(decision)}`]
  if (!decision.enforced) lines.push('  Only recorded: the policy does not enforce this feature yet.')
  for (const { code, source, message } of decision.reasons) lines.push(`  - ${message} [${code}${source === '' ? '' : ` at ${source}`}]`)
  return lines.join('\n')
}

function summary(decision: Decision): string {
  switch (decision.outcome) {
    case 'permit':
      return decision.until === undefined ? 'permitted.' : `permitted until ${instant(decision.until)}.`
    case 'step_up':
      return `needs ${requirementInWords(decision.requirement)}. Prove it with ${methodsInWords(decision.next.methods)}.`
    case 'enroll':
      return `needs ${requirementInWords(decision.requirement)}. Enrol ${methodsInWords(decision.next.methods)} first.`
    case 'upgrade':
      return decision.next.tiers.length === 0 ? 'not licensed.' : `not licensed. Comes with ${list(decision.next.tiers, 'or')}.`
    default:
      return 'denied.'
  }
}

function instant(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString()
}
