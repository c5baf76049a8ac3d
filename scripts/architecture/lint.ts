import { spawnSync } from 'node:child_process'
import { ROOT } from './imports.ts'

const RULES = ['--only=style/noRestrictedImports', '--only=suspicious/noImportCycles']

/** Runs those rules of the linter that say who may import whom. */
export function lint(...paths: readonly string[]): Readonly<{ ok: boolean; output: string }> {
  const { status, stdout, stderr } = spawnSync('biome', ['lint', '--colors=off', ...RULES, ...paths], { cwd: ROOT, encoding: 'utf8' })
  return { ok: status === 0, output: stdout + stderr }
}
