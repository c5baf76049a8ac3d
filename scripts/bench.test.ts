import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stile-bench-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const git = (...args: string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' })

/**
 * Starts `pnpm bench decide --against HEAD` with a pnpm that runs a script instead of installing, and sends a signal to the process group, as
 * a terminal does on Ctrl-C, as soon as something was printed.
 */
async function stopped({ installing, after, signal }: Readonly<{ installing: string; after: string; signal: NodeJS.Signals }>) {
  const pnpm = join(folder, 'pnpm.cjs')
  writeFileSync(pnpm, installing)
  const child = spawn(process.execPath, ['--conditions=@stile/source', 'scripts/bench.ts', 'decide', '--against', 'HEAD'], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, npm_execpath: pnpm },
  })
  let printed = ''
  let sent = false
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      if (sent || !printed.includes(after)) return
      sent = true
      process.kill(-Number(child.pid), signal)
    })
  const code = await new Promise((resolve) => child.on('close', resolve))
  const left = readdirSync(join(ROOT, '.stile')).filter((name) => name.startsWith('against-') && name.endsWith(`-${child.pid}`))
  return { code, printed, left, known: git('worktree', 'list').stdout.includes(`-${child.pid}\n`) }
}

/** Installs nothing: the benchmarks of the other commit use what is installed here. */
const LINK = `
  const { symlinkSync } = require('node:fs')
  for (const each of ['.', 'packages/policy', 'packages/protocol']) symlinkSync(${JSON.stringify(ROOT)} + each + '/node_modules', each + '/node_modules')
`

// an unpacked archive has no other commit
describe.skipIf(git('rev-parse', 'HEAD').status !== 0)('Ctrl-C in a comparison with another commit', () => {
  test.each([
    ['while it installs', { installing: "console.error('fetching'); setTimeout(() => {}, 60_000)", after: 'fetching' }],
    ['while a benchmark runs', { installing: LINK, after: 'round 1' }],
  ])('%s: the worktree is gone, and the code says that it was stopped', async (_when, { installing, after }) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { code, printed, left, known } = await stopped({ installing, after, signal })
      expect(code, printed).toBe(130)
      expect(left).toEqual([])
      expect(known).toBe(false)
      expect(printed).not.toMatch(/^\s+at |Command failed|Error:/m)
    }
  })
})
