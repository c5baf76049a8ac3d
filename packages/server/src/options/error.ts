import { HINTS } from './hints.ts'

/** One fault of the options: where, what, why it matters and how to fix it. */
export type OptionsIssue = Readonly<{ path: string; what: string; why: string; fix: string }>

/** Builds an issue; `why` and `fix` come from the option's own hint unless they are given. */
export function optionsIssue(path: string, what: string, better: Partial<Pick<OptionsIssue, 'why' | 'fix'>> = {}): OptionsIssue {
  let hint = path.replaceAll(/\[\d+\]/g, '[]')
  while (!Object.hasOwn(HINTS, hint)) hint = hint.endsWith('[]') ? hint.slice(0, -2) : hint.slice(0, Math.max(hint.lastIndexOf('.'), 0))
  const { why, fix } = HINTS[hint] as Readonly<{ why: string; fix: string }>
  return { path, what, why: better.why ?? why, fix: better.fix ?? fix }
}

/** Thrown if options are not usable: it lists every fault at once, and holds no value that could be a secret. */
export class OptionsError extends Error {
  readonly issues: readonly OptionsIssue[]

  constructor(issues: readonly OptionsIssue[]) {
    const lines = issues.map(({ path, what, why, fix }) => `- ${path || '(options)'}: ${what}\n    why: ${why}\n    fix: ${fix}`)
    super(`Stile cannot start: ${issues.length === 1 ? 'one option is' : `${issues.length} options are`} not usable.\n${lines.join('\n')}`)
    this.name = 'OptionsError'
    this.issues = issues
  }
}
