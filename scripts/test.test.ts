import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Stand in for the tools of the gates `lint`, `types` and `unused`: they print a line and exit as they are told. */
const TOOLS = ['biome', 'tsc', 'knip'] as const

let bin: string
beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), 'stile-gates-'))
  for (const tool of TOOLS) {
    const path = join(bin, tool)
    writeFileSync(path, `#!/bin/sh\necho "${tool} was here"\nexit "\${EXIT_${tool}:-0}"\n`)
    chmodSync(path, 0o755)
  }
})
afterAll(() => rmSync(bin, { recursive: true, force: true }))

function runTest(args: readonly string[], exits: Partial<Record<(typeof TOOLS)[number], number>> = {}) {
  const told = Object.fromEntries(Object.entries(exits).map(([tool, code]) => [`EXIT_${tool}`, String(code)]))
  const env = { ...process.env, ...told, PATH: `${bin}${delimiter}${process.env.PATH}` }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/test.ts', ...args], { cwd: ROOT, env, encoding: 'utf8' })
  return { status, stdout, stderr, last: stdout.trimEnd().split('\n').at(-1) }
}

describe('the closing line, which CI reads', () => {
  test('counts what passed', () => {
    expect(runTest(['lint', 'types', 'unused'])).toMatchObject({ status: 0, last: 'gates: 3 passed, 0 failed' })
  })

  test('counts what failed; the gate is named before it, with what to run', () => {
    const { status, last, stderr } = runTest(['lint', 'types', 'unused', '--keep-going'], { tsc: 1 })
    expect({ status, last }).toEqual({ status: 1, last: 'gates: 2 passed, 1 failed' })
    expect(stderr).toContain('Gate "types" failed: types of source and tests. Run it alone with: pnpm test types')
  })

  test('counts no gate that did not begin after another had failed', () => {
    expect(runTest(['lint', 'types', 'unused', '--lanes', '1'], { biome: 1 })).toMatchObject({
      status: 1,
      last: 'gates: 0 passed, 1 failed',
    })
  })
})

test('gates that run side by side are each shown whole, with their names', () => {
  const { stdout } = runTest(['lint', 'unused'], { knip: 1 })
  expect(stdout).toMatch(/=== lint, [\d.]+ s\nbiome was here\n/)
  expect(stdout).toMatch(/=== unused FAILED, [\d.]+ s\nknip was here\n/)
})

test('a name that is no gate is refused with the list of names', () => {
  const { status, stderr } = runTest(['lnit'])
  expect(status).toBe(2)
  expect(stderr).toMatch(/There is no gate named lnit\.[\s\S]*\n {2}lint /)
})

test('a campaign can be named alone, and is no part of what runs without a name', () => {
  const { stdout } = runTest(['--help'])
  expect(stdout).toMatch(/Campaigns[\s\S]*\n {2}mutation [\s\S]*\n {2}races [\s\S]*\n {2}properties [\s\S]*\n {2}modes /)
})
