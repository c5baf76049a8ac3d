import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { drawFloors, drawingFaults } from './architecture/drawing.ts'
import { ROOT, readImports } from './architecture/imports.ts'
import { lint, RULES } from './architecture/lint.ts'
import { silentRules } from './architecture/planted.ts'
import { circles, climbs, strays } from './architecture/rules.ts'

/**
 * The gate for who may import whom. Packages are held apart by the linter (biome.json); folders are held apart here, and in the server
 * they stand on floors. Before a rule is trusted, a violation is planted and the rule must object to it.
 *
 * `--graph` prints the folders of the server by floor; `--write` puts them into CONTRIBUTING.md.
 */
const graph = process.argv.includes('--graph')
const write = process.argv.includes('--write')

const packages = readdirSync(join(ROOT, 'packages')).map((name) => ({ name, imports: readImports(name) }))
const server = packages.find(({ name }) => name === 'server')?.imports ?? []
const drawing = drawFloors(server)

if (graph) process.stdout.write(`${drawing}\n`)
else {
  const faults = [
    ...silentRules(),
    ...packages.flatMap(({ name, imports }) => [...circles(name, imports), ...strays(name, imports)]),
    ...climbs(server),
    ...drawingFaults(drawing, write),
  ]
  for (const fault of faults) process.stderr.write(`${fault}\n\n`)
  const { ok, output } = lint(RULES, '.')
  process.stdout.write(output)
  process.exit(ok && faults.length === 0 ? 0 : 1)
}
