import { resolve } from 'node:path'
import type { Policy } from '@stile/policy'
import type { Command } from 'commander'
import { loadDocument } from './config-file.ts'
import { type CliContext, CliError } from './context.ts'
import { load } from './load.ts'

/** `stile policy check`: reads a policy and says everything that is wrong with it. */
export function addPolicyCommand(program: Command, { out, workingDirectory }: CliContext): void {
  program
    .command('policy')
    .description('Check policies.')
    .command('check <file>')
    .description('Check a policy: a .json document, or a .ts or .mjs module that exports `policy`. Exit code 1 where it is not valid.')
    .option('--json', 'answer JSON')
    .action(async (file: string, options: { json?: true }) => {
      const policy = await loadPolicy(resolve(workingDirectory, file), file)
      const { digest, features, tiers } = policy
      const advice = await adviceFor(policy)
      if (options.json) out(`${JSON.stringify({ ok: true, digest, features, tiers, advice })}\n`)
      else {
        out(`${file} is valid: ${features.length} features, ${tiers.length} tiers, digest ${digest}\n`)
        for (const line of advice) out(`advice: ${line}\n`)
      }
    })
}

/**
 * Loads a policy from a file and checks it.
 *
 * @throws {CliError} with everything that is wrong with it
 */
export async function loadPolicy(path: string, shownAs: string = path): Promise<Policy> {
  const value = await loadDocument(path, ['policy'])
  // a value of definePolicy carries its document; it may come from another copy of the package, so it is checked again here
  const document = typeof value === 'object' && value !== null && 'document' in value ? value.document : value
  const { parsePolicy } = await load.policy()
  const parsed = parsePolicy(document)
  if (parsed.ok) return parsed.policy
  const lines = parsed.issues.map(
    ({ path: at, message, suggestion }) => `  ${at || '(document)'}: ${message}${suggestion === undefined ? '' : ` ${suggestion}`}`,
  )
  throw new CliError(`${shownAs} is not a valid policy; nothing can be decided by it until this is fixed:\n${lines.join('\n')}`)
}

/** What is valid and yet better done otherwise. */
async function adviceFor({ document }: Policy): Promise<string[]> {
  const { parseDuration } = await load.policy()
  const advice: string[] = []
  const sensitive = Object.entries(document.features).filter(
    ([, { requires, compliance }]) => requires?.bind !== undefined || compliance !== undefined,
  )
  const [first] = sensitive
  if (first !== undefined && (parseDuration(document.enrollment?.settle ?? '0s') ?? 0) === 0)
    advice.push(
      `A new authenticator counts in full at once, also for "${first[0]}". Set enrollment.settle, such as '1d', so that a thief who enrols first gains nothing.`,
    )
  const offered = new Set(Object.values(document.tiers).flatMap(({ features = [] }) => features))
  for (const feature of Object.keys(document.features)) {
    if (!offered.has(feature)) advice.push(`No tier includes "${feature}": only licenses that name it as an extra can use it.`)
  }
  return advice
}
