import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { LIMITS } from '../../test/limits.ts'

type Manifest = Readonly<{ name: string; exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>> }>

/** The test files of one target, as `scripts/mutation.ts` names them: the quickest first. */
const include: string[] = JSON.parse(process.env.STILE_MUTATION_TESTS ?? '[]')
const source = { conditions: ['@stile/source', 'module', 'node', 'development|production'] }

/** Runs the files in the order of their list: the first failure ends the run of a mutant, so the quick ones save time. */
class AsListed extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => include.indexOf(relative(process.cwd(), moduleId))
    return files.toSorted((a, b) => place(a) - place(b))
  }
}

/** The node project alone, because Stryker's runner cannot choose one of several projects. */
export default defineConfig({
  resolve: { ...source, alias: globSync('packages/*/package.json').flatMap(aliasesOf) },
  ssr: { resolve: source },
  test: {
    name: 'node',
    provide: { limits: LIMITS },
    environment: 'node',
    include,
    setupFiles: ['./test/setup/same-cases.ts'],
    testTimeout: LIMITS.test,
    hookTimeout: LIMITS.hook,
    sequence: { sequencer: AsListed },
  },
})

/** Workspace links lead out of the copy that holds the mutants, so the packages' names must lead back into it. */
function aliasesOf(manifest: string): { find: RegExp; replacement: string }[] {
  const { name, exports = {} }: Manifest = JSON.parse(readFileSync(manifest, 'utf8'))
  return Object.entries(exports).flatMap(([path, target]) => {
    const file = typeof target === 'string' ? undefined : target['@stile/source']
    if (file === undefined) return []
    return [{ find: new RegExp(`^${join(name, path)}$`), replacement: resolve(dirname(manifest), file) }]
  })
}
