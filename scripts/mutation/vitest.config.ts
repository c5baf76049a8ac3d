import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

type Manifest = Readonly<{ name: string; exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>> }>

/** The test files of one target, as `scripts/mutation.ts` names them. */
const include: string[] = JSON.parse(process.env.STILE_MUTATION_TESTS ?? '[]')
const source = { conditions: ['@stile/source', 'module', 'node', 'development|production'] }

/** The node project alone, because Stryker's runner cannot choose one of several projects. */
export default defineConfig({
  resolve: { ...source, alias: globSync('packages/*/package.json').flatMap(aliasesOf) },
  ssr: { resolve: source },
  test: { name: 'node', environment: 'node', include, testTimeout: 60_000, hookTimeout: 60_000 },
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
