import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Import, ROOT, readImports } from './imports.ts'
import { lint } from './lint.ts'
import { circles, climbs, strays } from './rules.ts'

/** A violation that is planted to see that a rule objects: a file of a package, and what it says. */
type Planted = Readonly<{ name: string; path: string; text: string; says: string }>

/** For the linter: an import that each package must not have, and one that only http/ of the server may have. */
const FORBIDDEN: readonly Readonly<{ name: string; specifier: string }>[] = [
  { name: 'protocol', specifier: 'node:fs' },
  { name: 'policy', specifier: '@stile/server' },
  { name: 'browser', specifier: '@stile/policy' },
  { name: 'react', specifier: '@stile/policy' },
  { name: 'server', specifier: '@stile/guard' },
  { name: 'guard', specifier: '@stile/browser' },
  { name: 'testing', specifier: '@stile/server' },
  { name: 'server', specifier: 'express' },
  { name: 'browser', specifier: '@stile/protocol/node' },
]

const MARK = `planted-${process.pid}`

/** For the rules of folders; each imports types alone, which count as much as values. */
const MISPLACED: readonly (Planted & Readonly<{ rule(imports: readonly Import[]): readonly string[] }>)[] = [
  {
    name: 'server',
    path: `stores/${MARK}.ts`,
    text: "export type { Domain } from '../tokens/domain.ts'\n",
    says: 'an import that goes up',
    rule: climbs,
  },
  {
    name: 'server',
    path: `${MARK}/planted.ts`,
    text: "import type { Store } from '../stores/store.ts'\nexport type Planted = Store\n",
    says: 'a folder without a floor',
    rule: climbs,
  },
  {
    name: 'server',
    path: `certificates/${MARK}.ts`,
    text: "export type Planted = import('../options/options.ts').Options\n",
    says: 'a circle of two folders',
    rule: (imports) => circles('server', imports),
  },
  {
    name: 'server',
    path: `stores/${MARK}.ts`,
    text: "export const planted = () => import('../options/options.ts')\n",
    says: 'a circle through a third folder',
    rule: (imports) => circles('server', imports),
  },
  {
    name: 'react',
    path: `${MARK}.stories.tsx`,
    text: "import type {} from '../../../apps/storybook/.storybook/preview.ts'\n",
    says: 'a story that imports from an app',
    rule: (imports) => strays('react', imports),
  },
]

/** Plants each violation, and says which rule lets it pass, so that a rule that stopped firing cannot pass unseen. */
export function silentRules(): readonly string[] {
  return [...silentLinter(), ...silentFolders()]
}

function silentLinter(): readonly string[] {
  const files = FORBIDDEN.map((each, index) => ({ ...each, path: `packages/${each.name}/src/${MARK}-${index}.ts` }))
  const { output } = planted(
    files.map(({ path, specifier }) => ({ path, text: `export * from '${specifier}'\n` })),
    () => lint(['style/noRestrictedImports'], ...files.map(({ path }) => path)),
  )
  // each finding begins with its file on a line of its own
  const findings = output.split(/^(?=packages\/)/m).filter((finding) => finding.includes('Architecture:'))
  return files
    .filter(({ path }) => !findings.some((finding) => finding.startsWith(path)))
    .map(
      ({ name, specifier }) =>
        `The linter no longer objects if ${name} imports ${specifier}.\n  Mend the overrides of packages/${name} in biome.json.`,
    )
}

function silentFolders(): readonly string[] {
  return MISPLACED.filter(({ name, path: below, text, rule }) => {
    const path = `packages/${name}/src/${below}`
    const found = planted([{ path, text }], () => rule(readImports(name)))
    return !found.some((each) => each.includes(MARK))
  }).map(({ says }) => `The architecture gate no longer objects to ${says}.\n  Mend scripts/architecture/rules.ts.`)
}

/** Runs something while files are there. */
function planted<T>(files: readonly Readonly<{ path: string; text: string }>[], run: () => T): T {
  const placed = files.map(({ path, text }) => ({ path: join(ROOT, path), text }))
  try {
    for (const { path, text } of placed) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    return run()
  } finally {
    for (const { path } of placed) rmSync(dirname(path).endsWith(MARK) ? dirname(path) : path, { recursive: true, force: true })
  }
}
