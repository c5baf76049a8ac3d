import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'

/**
 * The gate for who may import whom. The rules are in biome.json; before they are trusted, one forbidden import is planted in each
 * package and the linter must object to it, so that a rule that stopped firing cannot pass unseen.
 */
const PLANTED: Readonly<Record<string, string>> = {
  protocol: 'node:fs',
  policy: '@stile/server',
  browser: '@stile/policy',
  react: '@stile/policy',
  server: '@stile/guard',
  guard: '@stile/browser',
  testing: '@stile/server',
}

/** The domain of the server never sees a request. */
const PLANTED_IN_DOMAIN = 'express'

/** A page has no `node:crypto`. */
const PLANTED_IN_BROWSER = '@stile/protocol/node'

const RULES = ['--only=style/noRestrictedImports', '--only=suspicious/noImportCycles']

function lint(...paths: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync('biome', ['lint', ...RULES, ...paths], { encoding: 'utf8' })
  return { ok: status === 0, output: stdout + stderr }
}

const silent = [...Object.entries(PLANTED), ['server', PLANTED_IN_DOMAIN] as const, ['browser', PLANTED_IN_BROWSER] as const].filter(
  ([name, specifier]) => {
    const path = `packages/${name}/src/planted-${process.pid}.ts`
    writeFileSync(path, `export * from '${specifier}'\n`)
    try {
      return !lint(path).output.includes('Architecture:')
    } finally {
      rmSync(path)
    }
  },
)
if (silent.length > 0) {
  process.stderr.write(
    `The architecture rule no longer fires in: ${silent.map(([name]) => name).join(', ')}. Whoever imports what would go unseen; mend the overrides in biome.json.\n`,
  )
  process.exit(1)
}

const { ok, output } = lint('.')
process.stdout.write(output)
process.exit(ok ? 0 : 1)
