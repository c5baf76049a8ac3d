import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { ensureBrowser } from './browser.ts'

/** One thing that must hold before a change lands. */
type Gate = Readonly<{ name: string; says: string; commands: readonly (readonly string[])[]; browser?: true }>

const NODE = [process.execPath, '--conditions=@stile/source']

/** In the order in which they run: the quick ones first. */
const GATES: readonly Gate[] = [
  { name: 'lint', says: 'formatting or lint (mend most of it with: pnpm fix)', commands: [['biome', 'ci', '.']] },
  {
    name: 'architecture',
    says: 'who may import whom, a circle of folders, or a folder off its floor',
    commands: [[...NODE, 'scripts/architecture.ts']],
  },
  { name: 'types', says: 'types of source and tests', commands: [['tsc', '-p', 'tsconfig.json']] },
  {
    name: 'build',
    says: 'the build of the packages, or their emitted types',
    commands: [
      ['tsc', '-b', 'tsconfig.build.json'],
      ['tsc', '-p', 'test/emitted/tsconfig.json'],
    ],
  },
  { name: 'unused', says: 'code, exports or dependencies that nothing uses', commands: [['knip', '--no-progress']] },
  { name: 'docs', says: 'a dead link, or an example that does not compile', commands: [[...NODE, 'scripts/docs.ts']] },
  {
    name: 'unit',
    says: 'unit and property tests',
    commands: [['vitest', 'run', '--project', 'node', '--project', 'dom', '--exclude', 'packages/server/src/stores/**']],
  },
  { name: 'store', says: 'the store contract', commands: [['vitest', 'run', '--project', 'node', 'packages/server/src/stores/']] },
  { name: 'sizes', says: 'a size budget', commands: [[...NODE, 'scripts/sizes.ts']] },
  { name: 'stories', says: 'stories as tests, with axe', commands: [['vitest', 'run', '--project', 'stories']], browser: true },
  {
    name: 'journeys',
    says: 'browser journeys',
    commands: [['playwright', 'test', '--config', 'test/playwright.config.ts']],
    browser: true,
  },
]

const HELP = `Runs every gate that a change must pass, or the ones you name.

  pnpm test [gate ...] [--keep-going]

Gates: ${GATES.map(({ name }) => name).join(', ')}
  --keep-going   run the remaining gates after one has failed
  --help         this text
`

function run(command: readonly string[]): Promise<number> {
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: 'inherit', env: process.env })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

async function passes(gate: Gate): Promise<boolean> {
  if (gate.browser) process.env.CHROME_PATH = ensureBrowser()
  for (const command of gate.commands) if ((await run(command)) !== 0) return false
  return true
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'keep-going': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const unknown = positionals.filter((name) => !GATES.some((gate) => gate.name === name))
if (unknown.length > 0) {
  process.stderr.write(`There is no gate named ${unknown.join(', ')}.\n\n${HELP}`)
  process.exit(2)
}

const took: string[] = []
const failed: Gate[] = []
let passed = 0
for (const gate of GATES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  process.stdout.write(`\n=== ${gate.name}\n`)
  const began = performance.now()
  if (await passes(gate)) passed += 1
  else failed.push(gate)
  took.push(
    `  ${gate.name.padEnd(14)}${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s${failed.includes(gate) ? '  FAILED' : ''}`,
  )
  if (failed.length > 0 && !values['keep-going']) break
}
process.stdout.write(`\n=== took\n${took.join('\n')}\n`)
for (const { name, says } of failed) process.stderr.write(`\nGate "${name}" failed: ${says}. Run it alone with: pnpm test ${name}\n`)
process.stdout.write(`\ngates: ${passed} passed, ${failed.length} failed\n`)
process.exit(failed.length > 0 ? 1 : 0)
