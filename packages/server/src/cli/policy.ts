import { resolve } from 'node:path'
import type { Policy } from '@stile/policy'
import type { Level, Method, Proof } from '@stile/protocol'
import type { Command } from 'commander'
import { loadDocument } from './config-file.ts'
import { type CliContext, CliError } from './context.ts'
import { load } from './load.ts'

/** `stile policy check|diff|explain`: what is wrong with a policy, what another one changes, and what it decides. */
export function addPolicyCommand(program: Command, context: CliContext): void {
  const policy = program.command('policy').description('Check policies, compare them, and have a decision explained.')
  addCheckCommand(policy, context)
  addDiffCommand(policy, context)
  addExplainCommand(policy, context)
}

const FILE = 'a .json document, or a .ts or .mjs module that exports `policy`'

function addCheckCommand(program: Command, { out, workingDirectory }: CliContext): void {
  program
    .command('check <file>')
    .description(`Check a policy: ${FILE}. Exit code 1 if it is not valid.`)
    .option('--json', 'answer JSON')
    .addHelpText('after', '\nExample: stile policy check stile.policy.ts')
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

function addDiffCommand(program: Command, { out, workingDirectory }: CliContext): void {
  program
    .command('diff <before> <after>')
    .description(`Say what changes from one policy to another, as far as people notice it. Each is ${FILE}.`)
    .option('--exit-code', 'exit code 1 if anything changes')
    .option('--json', 'answer JSON')
    .addHelpText('after', '\nExample: git show main:policy.json > /tmp/before.json && stile policy diff /tmp/before.json policy.json')
    .action(async (before: string, after: string, options: { exitCode?: true; json?: true }) => {
      const was = await loadPolicy(resolve(workingDirectory, before), before)
      const is = await loadPolicy(resolve(workingDirectory, after), after)
      const { diff } = await load.policy()
      const changes = diff(was, is)
      if (options.json) out(`${JSON.stringify({ before: was.digest, after: is.digest, changes })}\n`)
      else if (changes.length === 0) out('Nothing changes.\n')
      else for (const { kind, path, message } of changes) out(`${kind.padEnd(9)}  ${message} [${path}]\n`)
      if (options.exitCode && changes.length > 0) throw new CliError('The policies differ.')
    })
}

type Situation = Readonly<{
  tier?: string
  state: string
  extra?: readonly string[]
  risk: string
  proven?: readonly string[]
  enrolled?: readonly string[]
  json?: true
}>

const EXPLAIN_EXAMPLES = `
Examples:
  stile policy explain stile.policy.ts reports.export --tier pro
  stile policy explain stile.policy.ts reports.export --tier pro --proven passkey:10m --risk elevated
`

function addExplainCommand(program: Command, { out, workingDirectory, now }: CliContext): void {
  program
    .command('explain <file> <feature>')
    .description(`Say what a policy decides about a feature in a situation, and why. The policy is ${FILE}.`)
    .option('--tier <tier>', 'the tier of the account; without one it has no license')
    .option('--state <state>', 'the state of the license', 'active')
    .option('--extra <feature...>', 'features that the license has beside its tier')
    .option('--risk <band>', 'the risk that was found', 'normal')
    .option('--proven <method:age...>', 'what was proven and how long ago, such as passkey:10m, or login:2h for the sign-in itself')
    .option('--enrolled <method...>', 'what the subject has enrolled; without it that is not considered')
    .option('--json', 'answer the decision as JSON')
    .addHelpText('after', EXPLAIN_EXAMPLES)
    .action(async (file: string, feature: string, { tier, state, extra = [], risk, proven = [], enrolled, json }: Situation) => {
      const policy = await loadPolicy(resolve(workingDirectory, file), file)
      const { decide, explain } = await load.policy()
      const { BANDS, LICENSE_STATES } = await load.protocol()
      for (const name of [feature, ...extra]) await oneOf(policy.features, 'feature', name)
      if (tier !== undefined) await oneOf(policy.tiers, 'tier', tier)
      const licenseState = await oneOf(LICENSE_STATES, 'state of a license', state)
      const license = tier === undefined ? null : { id: 'example', epoch: 1, tier, features: extra, state: licenseState }
      const signedIn: Proof = { method: 'login', level: 'session', amr: [], authTime: 0 }
      const proofs = [signedIn, ...(await Promise.all(proven.map((each) => proofFrom(each, now()))))]
      const methods = enrolled && (await Promise.all(enrolled.map(methodFrom)))
      const band = await oneOf(BANDS, 'band of risk', risk)
      const decision = decide(policy, { feature, license, assurance: { proofs }, risk: band, enrolled: methods, now: now() })
      out(`${json ? JSON.stringify(decision) : explain(decision)}\n`)
    })
}

/**
 * What was named, if it is one of those that there are.
 *
 * @throws {CliError} with the nearest name, or with all of them
 */
async function oneOf<T extends string>(known: readonly T[], what: string, name: string): Promise<T> {
  const found = known.find((each) => each === name)
  if (found !== undefined) return found
  const { closest } = await load.policy()
  const near = closest(name, known)
  throw new CliError(`There is no ${what} "${name}". ${near === undefined ? `There are ${known.join(', ')}.` : `Did you mean "${near}"?`}`)
}

async function methodFrom(name: string): Promise<Readonly<{ method: Method; level: Level }>> {
  const { METHODS, REACHES } = await load.protocol()
  const method = await oneOf(METHODS, 'method', name)
  const level = REACHES[method]
  if (level === null) throw new CliError(`"${method}" proves nothing by itself, so that it changes no decision. Leave it out.`)
  return { method, level }
}

/** Reads `passkey:10m`. */
async function proofFrom(text: string, now: number): Promise<Proof> {
  const [name = '', age = ''] = text.split(':')
  const { parseDuration } = await load.policy()
  const seconds = parseDuration(age)
  if (seconds === undefined)
    throw new CliError(`"${text}" does not say what was proven how long ago. Write a method and an age, such as passkey:10m.`)
  const { method, level } = name === 'login' ? ({ method: 'login', level: 'session' } as const) : await methodFrom(name)
  return { method, level, amr: [], authTime: now - seconds }
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
