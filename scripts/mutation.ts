import { globSync, readFileSync, rmSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { TARGETS, type Target } from './mutation/targets.ts'

type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number]

/** A mutant that no test noticed: the file, what stood there, and what stood there instead. */
type Survivor = Readonly<{ key: string; place: string }>

type Outcome = Readonly<{ target: Target; killed: number; survivors: readonly Survivor[]; seconds: number }>

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LIST = 'docs/testing.md'
const LEAST_KILLED = 0.95
const SETTINGS = JSON.parse(readFileSync(join(ROOT, 'scripts/mutation/stryker.conf.json'), 'utf8'))
/** A folder for each run, so that two at once do not remove each other's copies. */
const FOLDER = join(SETTINGS.tempDirName, `${process.pid}`)

/** Conditions, comparisons, booleans, removed blocks and optional chains; every other mutator is left out. */
const COUNTED: ReadonlySet<string> = new Set([
  'ConditionalExpression',
  'EqualityOperator',
  'LogicalOperator',
  'BooleanLiteral',
  'BlockStatement',
  'OptionalChaining',
])

const HELP = `Changes one condition, comparison, boolean, block or optional chain at a time and expects a test to fail.

  pnpm test mutation
  node --conditions=@stile/source scripts/mutation.ts [--target <name> ...]

Targets: ${TARGETS.map(({ name }) => name).join(', ')}
Survivors are listed with their reasons in ${LIST}.
`

const { values } = parseArgs({ options: { target: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } } })
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const unknown = values.target?.filter((name) => !TARGETS.some((target) => target.name === name)) ?? []
if (unknown.length > 0) {
  process.stderr.write(`There is no target named ${unknown.join(', ')}.\n\n${HELP}`)
  process.exit(2)
}
process.chdir(ROOT)
const chosen = TARGETS.filter(({ name }) => values.target?.includes(name) ?? true)

const outcomes: Outcome[] = []
try {
  for (const target of chosen) outcomes.push(await mutate(target))
} finally {
  rmSync(FOLDER, { recursive: true, force: true })
}
report(outcomes)

async function mutate(target: Target): Promise<Outcome> {
  const files = find(target.files).filter((path) => !/\.test(-support)?\./.test(path))
  const tests = find(target.tests)
  for (const [what, found] of Object.entries({ files, tests }))
    if (found.length === 0) throw new Error(`Target "${target.name}" finds no ${what}. Mend its globs in scripts/mutation/targets.ts.`)
  process.stdout.write(`\n--- ${target.name}: ${files.join(', ')}\n`)
  process.env.STILE_MUTATION_TESTS = JSON.stringify(tests)
  const began = performance.now()
  const plugins = [...SETTINGS.plugins, join(ROOT, 'scripts/mutation/texts.ts')]
  const results = await new Stryker({ ...SETTINGS, tempDirName: FOLDER, plugins, mutate: files }).runMutationTest()
  const counted = results.filter(({ mutatorName }) => COUNTED.has(mutatorName))
  const survivors = counted.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').map(survivorOf)
  // a mutant with which a test file cannot even be loaded has been noticed as well
  const killed = counted.filter(({ status }) => ['Killed', 'Timeout', 'RuntimeError'].includes(status)).length
  return { target, killed, survivors, seconds: (performance.now() - began) / 1000 }
}

/** What globs find, in the order of the globs. */
function find(globs: readonly string[]): string[] {
  const found = globs.flatMap((glob) => globSync(glob, { exclude: (path) => path.includes('node_modules') }).sort())
  return [...new Set(found)]
}

function survivorOf({ fileName, location, replacement = '' }: MutantResult): Survivor {
  const lines = readFileSync(fileName, 'utf8').split('\n')
  const { start, end } = location
  const text = lines.slice(start.line - 1, end.line).join('\n')
  const original = text.slice(start.column - 1, text.length - ((lines[end.line - 1]?.length ?? 0) - (end.column - 1)))
  const path = relative(ROOT, fileName)
  return { key: `\`${basename(path)}\`: \`${shortened(original)}\` → \`${shortened(replacement)}\``, place: `${path}:${start.line}` }
}

/** On one line, and never with a backtick, because it stands in a document. */
function shortened(code: string): string {
  const line = code.replaceAll(/\s+/g, ' ').replaceAll('`', "'").trim()
  return line.length > 90 ? `${line.slice(0, 89)}…` : line
}

/** The survivors that the document gives a reason for; one that stands there twice may survive twice. */
function listed(): string[] {
  const entries = readFileSync(LIST, 'utf8').matchAll(/^- (`[^`]+`: `[^`]+` → `[^`]*`): \S.+$/gm)
  return [...entries].map(([, key = '']) => key)
}

function report(all: readonly Outcome[]): void {
  const rows = all.map(({ target, killed, survivors, seconds }) => {
    const total = killed + survivors.length
    return { name: target.name, total, killed, survived: survivors.length, share: killed / total, seconds }
  })
  process.stdout.write('\ntarget            mutants  killed  survived  killed %     took\n')
  for (const { name, total, killed, survived, share, seconds } of rows) {
    const figures = `${`${total}`.padStart(7)}${`${killed}`.padStart(8)}${`${survived}`.padStart(10)}${(share * 100).toFixed(1).padStart(10)}`
    process.stdout.write(`${name.padEnd(18)}${figures}${seconds.toFixed(0).padStart(7)} s\n`)
  }
  const open = listed()
  const faults: string[] = []
  for (const { key, place } of all.flatMap(({ survivors }) => survivors)) {
    const at = open.indexOf(key)
    if (at < 0) faults.push(`${place} survives, and ${LIST} does not say why. Write a test, or list it:\n  - ${key}: `)
    else open.splice(at, 1)
  }
  for (const { name, share } of rows)
    if (!(share >= LEAST_KILLED)) faults.push(`${name}: fewer than ${LEAST_KILLED * 100} % of the mutants are killed.`)
  if (all.length === TARGETS.length)
    for (const key of open) faults.push(`${LIST} lists a survivor that is gone: ${key}. Remove it from the list.`)
  for (const each of faults) process.stderr.write(`\n${each}\n`)
  process.stdout.write(`\nmutation: ${rows.length} targets, ${faults.length} faults\n`)
  process.exitCode = faults.length > 0 ? 1 : 0
}
