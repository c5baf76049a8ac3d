import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BuildResult, build } from 'esbuild'

/** What a page pays for, in bytes of minified code after gzip. The limits are promises: they are never raised to let a change pass. */
type Budget = Readonly<{
  name: string
  /** Without one the figure is only told. */
  limit?: number
  source: string
  external?: readonly string[]
  /** Also counts what is loaded later when its path has this in it. */
  with?: RegExp
  /** Counts only what is loaded later and has this in its path. */
  only?: RegExp
}>

const SDK = "export { createStile } from '@stile/browser'"
const DIALOG = "export { mountDialog } from '@stile/browser/dialog'"
const GATES = "export { StileProvider, TierGuard, StepUpGate, useStepUp, useFeature, useLicense } from '@stile/react'"
/** What a step-up with a passkey loads on top, and not what enrolling one loads. */
const CEREMONY = /step-ups\/prove|passkey\/authenticat/
/** That, and the dialog's and the cards' looks that the provider loads once the page stands. */
const BEFORE_ENROLMENT = /step-ups\/prove|passkey\/authenticat|provider\/mount|state\/follow/
const REACT = ['react', 'react/jsx-runtime', 'react-dom']

const BUDGETS: readonly Budget[] = [
  { name: 'createStile: device key, state, flow, fetch', limit: 4_500, source: SDK },
  { name: 'createStile with the passkey ceremony', limit: 6_800, source: SDK, with: CEREMONY },
  { name: 'dialog', limit: 4_000, source: DIALOG },
  { name: 'React gates and hooks', limit: 2_000, source: GATES, external: [...REACT, '@stile/browser', '@stile/browser/*'] },
  {
    name: 'everything before enrolment, loaded in pieces, React external',
    source: `${SDK}\n${DIALOG}\n${GATES}`,
    external: REACT,
    with: BEFORE_ENROLMENT,
  },
  {
    name: 'QR code, loaded when one is shown',
    limit: 4_000,
    source: "export { createEnrollment } from '@stile/browser/enroll'",
    only: /enroll\/qr/,
  },
]

const root = fileURLToPath(new URL('..', import.meta.url))

async function measure(budget: Budget): Promise<number> {
  const result = await build({
    stdin: { contents: budget.source, resolveDir: `${root}test`, loader: 'ts' },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2023',
    conditions: ['@stile/source'],
    jsx: 'automatic',
    external: [...(budget.external ?? [])],
    outdir: 'out',
    write: false,
    metafile: true,
    legalComments: 'none',
  })
  return [...counted(result, budget)].reduce((sum, path) => sum + gzippedSize(result, path), 0)
}

type Outputs = NonNullable<BuildResult['metafile']>['outputs']

function counted(result: BuildResult, budget: Budget): ReadonlySet<string> {
  const outputs = result.metafile?.outputs ?? {}
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === '<stdin>') ?? ''
  const later = (pattern: RegExp) => Object.keys(outputs).filter((path) => path !== entry && pattern.test(outputs[path]?.entryPoint ?? ''))
  const start = closure(outputs, [entry])
  if (!budget.only) return closure(outputs, [entry, ...(budget.with ? later(budget.with) : [])])
  return new Set([...closure(outputs, later(budget.only))].filter((path) => !start.has(path)))
}

/** The chunks and all that they import at once; what is imported later is not among them. */
function closure(outputs: Outputs, paths: readonly string[]): Set<string> {
  const seen = new Set<string>()
  const visit = (path: string) => {
    if (seen.has(path) || !outputs[path]) return
    seen.add(path)
    for (const each of outputs[path].imports) if (each.kind === 'import-statement') visit(each.path)
  }
  paths.forEach(visit)
  return seen
}

function gzippedSize(result: BuildResult, path: string): number {
  const file = result.outputFiles?.find((each) => each.path.endsWith(path.slice(path.indexOf('/'))))
  if (!file) throw new Error(`The bundler did not write ${path}.`)
  return gzipSync(file.contents, { level: 9 }).length
}

let over = 0
for (const budget of BUDGETS) {
  const size = await measure(budget)
  const { limit = Number.POSITIVE_INFINITY } = budget
  const fits = size > 0 && size <= limit
  if (!fits) over += 1
  const of = budget.limit === undefined ? '' : `of ${budget.limit}`
  process.stdout.write(`${fits ? 'ok  ' : 'OVER'} ${String(size).padStart(6)} ${of.padEnd(7)} B gzip  ${budget.name}
`)
}
if (over > 0) {
  process.stderr.write(
    `\n${over} of the size budgets are broken: pages would load more than was promised. Make the code smaller, or load it later.\n`,
  )
  process.exit(1)
}
