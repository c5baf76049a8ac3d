import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BuildResult, build } from 'esbuild'

/** What a page loads, in bytes of minified code after gzip. The limits are promises: they are never raised to let a change pass. */
type Figure = Readonly<{
  name: string
  /** Without one the figure is only told. */
  limit?: number
  source: string
  /** Counts these parts, which are loaded later, too. */
  with?: readonly string[]
  /** Counts only what is added to what the page has with these parts. */
  after?: readonly string[]
}>

const SDK = "export { createStile } from '@stile/browser'"
const GATES = "export { StileProvider, TierGuard, StepUpGate, useStepUp, useFeature, useLicense } from '@stile/react'"
const PAGE = `${SDK}\n${GATES}`
const REACT = ['react', 'react/jsx-runtime', 'react-dom']

// What is loaded later, by the names of the files that a page asks for: they stay when a file moves to another folder.
/** The step-up, loaded once the state is known, and the dialog with the looks of the gates. */
const FIRST_PROMPT = ['step-up-runner.ts', 'mount.ts']
/** The view of a code of an authenticator app, loaded once the state asks for one. */
const CODE = [...FIRST_PROMPT, 'code-view.ts']
/**
 * The library for passkeys with what is made of it, loaded once the state asks for one. No bundler splits it: what makes passkeys is in it,
 * too.
 */
const CEREMONIES = [...FIRST_PROMPT, 'ceremonies.ts']
/** Beside the first prompt, for the subject who turns to another way, and for what goes wrong. */
const METHODS = [...FIRST_PROMPT, 'methods-view.ts']
/** Beside the other ways, while the service is asked: the failures of a step-up and their sentences, which the wizard needs, too. */
const FAILURES = [...METHODS, 'failure-handler.ts', 'error-text.ts']
const ENROLMENT = [...FAILURES, 'start-wizard.ts']
const RECOVERY = [...FAILURES, 'recovery-view.ts', 'recovery-codes-view.ts']

const FIGURES: readonly Figure[] = [
  { name: 'before first paint: createStile and the React gates', limit: 8_000, source: PAGE },
  // what is above 19,000 is the half of the library that makes passkeys, which the bundler does not leave out
  { name: 'up to and with the first prompt for a passkey, React external', limit: 19_900, source: PAGE, with: CEREMONIES },
  { name: 'up to and with the first prompt for a code, React external', limit: 19_000, source: PAGE, with: CODE },
  { name: 'what they have in common', source: PAGE, with: FIRST_PROMPT },
  { name: 'the library for passkeys, beside it if one is asked for', limit: 5_000, source: PAGE, with: CEREMONIES, after: FIRST_PROMPT },
  { name: 'the view of a code, beside it if one is asked for', limit: 5_000, source: PAGE, with: CODE, after: FIRST_PROMPT },
  { name: 'the other ways of a step-up, beside the first prompt', limit: 5_000, source: PAGE, with: METHODS, after: FIRST_PROMPT },
  { name: 'codes by mail, beside the other ways', limit: 5_000, source: PAGE, with: [...METHODS, 'email-view.ts'], after: METHODS },
  {
    name: 'what can go wrong in a step-up, beside the first prompt',
    limit: 5_000,
    source: PAGE,
    with: FAILURES,
    after: METHODS,
  },
  {
    name: 'signing in again and starting other methods, beside what can go wrong',
    limit: 5_000,
    source: PAGE,
    with: [...FAILURES, 'other-ways.ts'],
    after: FAILURES,
  },
  { name: 'keeping the page current, beside it', limit: 5_000, source: PAGE, with: [...FIRST_PROMPT, 'follow.ts'], after: FIRST_PROMPT },
  {
    name: 'the cards of gates that lead to no prompt at once, beside it',
    limit: 5_000,
    source: PAGE,
    with: [...FIRST_PROMPT, 'closed.ts'],
    after: FIRST_PROMPT,
  },
  { name: 'enrolment, later', limit: 5_000, source: PAGE, with: ENROLMENT, after: FAILURES },
  { name: 'recovery, later', limit: 5_000, source: PAGE, with: RECOVERY, after: FAILURES },
  {
    name: 'the view of an authenticator app, beside enrolment',
    limit: 5_000,
    source: PAGE,
    with: [...ENROLMENT, 'app-view.ts'],
    after: ENROLMENT,
  },
  { name: 'QR code of an authenticator app, later', limit: 5_000, source: PAGE, with: ['qr.ts'], after: ENROLMENT },
  { name: 'createStile alone', source: SDK },
  { name: 'dialog alone', source: "export { mountDialog } from '@stile/browser/dialog'" },
  {
    name: 'for comparison: better-auth, its client with passkey and two-factor',
    source: `export { createAuthClient } from 'better-auth/client'
      export { passkeyClient } from '@better-auth/passkey/client'
      export { twoFactorClient } from 'better-auth/client/plugins'`,
  },
  { name: 'for comparison: @auth0/auth0-spa-js', source: "export { createAuth0Client } from '@auth0/auth0-spa-js'" },
]

const root = fileURLToPath(new URL('..', import.meta.url))

/** The bundler's result, once per source. */
const bundles = new Map<string, Promise<BuildResult>>()

function bundle(source: string): Promise<BuildResult> {
  const bundled =
    bundles.get(source) ??
    build({
      // the packages are dependencies of test, what is compared with them of the root
      stdin: { contents: source, resolveDir: source.includes('@stile/') ? `${root}test` : root, loader: 'ts' },
      bundle: true,
      minify: true,
      splitting: true,
      format: 'esm',
      target: 'es2023',
      conditions: ['@stile/source'],
      jsx: 'automatic',
      external: REACT,
      outdir: 'out',
      write: false,
      metafile: true,
      legalComments: 'none',
    })
  bundles.set(source, bundled)
  return bundled
}

async function measure(figure: Figure): Promise<number> {
  const result = await bundle(figure.source)
  const before = figure.after ? loaded(result, figure.after) : new Set<string>()
  const counted = [...loaded(result, figure.with ?? [])].filter((path) => !before.has(path))
  return counted.reduce((sum, path) => sum + gzippedSize(result, path), 0)
}

type Outputs = NonNullable<BuildResult['metafile']>['outputs']

/** The chunks that a page has once it has asked for these parts. */
function loaded({ metafile }: BuildResult, parts: readonly string[]): ReadonlySet<string> {
  const outputs = metafile?.outputs ?? {}
  const chunkOf = (part: string) => {
    const found = Object.keys(outputs).filter((path) => basename(outputs[path]?.entryPoint ?? '') === part)
    if (found.length !== 1)
      throw new Error(`${found.length} chunks are made of ${part}, not one: name in sizes.ts the file that is loaded later.`)
    return found
  }
  return closure(outputs, ['<stdin>', ...parts].flatMap(chunkOf))
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
for (const figure of FIGURES) {
  const size = await measure(figure)
  const { limit = Number.POSITIVE_INFINITY } = figure
  const fits = size > 0 && size <= limit
  if (!fits) over += 1
  const of = figure.limit === undefined ? '' : `of ${figure.limit}`
  process.stdout.write(`${fits ? 'ok  ' : 'OVER'} ${String(size).padStart(6)} ${of.padEnd(8)} B gzip  ${figure.name}\n`)
}
if (over > 0) {
  process.stderr.write(
    `\n${over} of the size budgets are broken: pages would load more than was promised. Make the code smaller, or load it later.\n`,
  )
  process.exit(1)
}
