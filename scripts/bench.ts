import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

/** Runs every benchmark, or those whose path has one of the words given. Figures are only worth something on an idle machine. */
const words = process.argv.slice(2)
const files = globSync(['packages/*/bench/*.bench.ts', 'test/bench/*.bench.ts'])
  .sort()
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
if (files.length === 0) {
  process.stderr.write(`No benchmark has ${words.join(' or ')} in its path.\n`)
  process.exit(2)
}
let failed = 0
for (const file of files) {
  process.stdout.write(`\n=== ${file}\n`)
  const { status } = spawnSync(process.execPath, ['--conditions=@stile/source', file], { stdio: 'inherit' })
  if (status !== 0) failed += 1
}
process.exit(failed > 0 ? 1 : 0)
