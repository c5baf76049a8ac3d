import { spawnSync } from 'node:child_process'
import { ROOT } from './imports.ts'

/** The rules of the linter that say who may import whom. */
export const RULES = ['style/noRestrictedImports', 'suspicious/noImportCycles'] as const

/** Runs rules of the linter, and nothing else of it. */
export function lint(rules: readonly (typeof RULES)[number][], ...paths: readonly string[]): Readonly<{ ok: boolean; output: string }> {
  const only = rules.map((rule) => `--only=${rule}`)
  const { status, stdout, stderr } = spawnSync('biome', ['lint', '--colors=off', ...only, ...paths], { cwd: ROOT, encoding: 'utf8' })
  return { ok: status === 0, output: stdout + stderr }
}
