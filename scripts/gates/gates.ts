import { globSync, readFileSync } from 'node:fs'

/** One command of a gate, and what it needs in its environment. */
export type Command = Readonly<{ argv: readonly string[]; env?: Readonly<Record<string, string>> }>

/** One thing that must hold before a change lands. */
export type Gate = Readonly<{
  name: string
  says: string
  commands: readonly Command[]
  browser?: true
  /** It writes into the sources while it runs, so that no other gate may read them meanwhile. */
  alone?: true
}>

const node = (...args: string[]): Command => ({ argv: [process.execPath, '--conditions=@stile/source', ...args] })
const vitest = (project: string, ...args: string[]): Command => ({ argv: ['vitest', 'run', '--project', project, ...args] })

/** In the order in which they begin: the quick ones first. */
export const GATES: readonly Gate[] = [
  { name: 'lint', says: 'formatting or lint (mend most of it with: pnpm fix)', commands: [{ argv: ['biome', 'ci', '.'] }] },
  {
    name: 'architecture',
    says: 'who may import whom, a circle of folders, or a folder off its floor',
    commands: [node('scripts/architecture.ts')],
    alone: true,
  },
  { name: 'types', says: 'types of source and tests', commands: [{ argv: ['tsc', '-p', 'tsconfig.json'] }] },
  {
    name: 'build',
    says: 'the build of the packages, or their emitted types',
    commands: [{ argv: ['tsc', '-b', 'tsconfig.build.json'] }, { argv: ['tsc', '-p', 'test/emitted/tsconfig.json'] }],
  },
  { name: 'unused', says: 'code, exports or dependencies that nothing uses', commands: [{ argv: ['knip', '--no-progress'] }] },
  { name: 'docs', says: 'a dead link, or an example that does not compile', commands: [node('scripts/docs.ts')] },
  { name: 'sizes', says: 'a size budget', commands: [node('scripts/sizes.ts')] },
  {
    name: 'unit',
    says: 'unit and property tests',
    commands: [vitest('node', '--project', 'dom')],
  },
  { name: 'store', says: 'the store contract', commands: [vitest('store')] },
  { name: 'stories', says: 'stories as tests, with axe', commands: [vitest('stories')], browser: true },
  {
    name: 'journeys',
    says: 'browser journeys',
    commands: [{ argv: ['playwright', 'test', '--config', 'test/playwright.config.ts'] }],
    browser: true,
  },
]

/** How each story is shown in turn; the modes are made in the Storybook's preview. */
const MODES = ['light', 'dark', 'narrow', 'forced', 'rtl'] as const

/** What takes longer than anybody waits for between two changes: only with `--all`, or if it is named. */
export const CAMPAIGNS: readonly Gate[] = [
  { name: 'mutation', says: 'a condition that no test holds in place', commands: [node('scripts/mutation.ts')] },
  {
    name: 'races',
    says: 'what happens at the same moment, many times over',
    commands: [
      {
        ...vitest('node', 'test/faults/redemption.test.ts', 'test/faults/burst.test.ts'),
        env: { ROUNDS: '250' },
      },
    ],
  },
  {
    name: 'properties',
    says: 'a property, with twenty times as many cases',
    commands: [{ ...vitest('node', ...propertyTests()), env: { PROPERTY_RUNS: '2000' } }],
  },
  {
    name: 'hosts',
    says: 'the dialog and the cards among other modals and style sheets',
    commands: [{ argv: ['playwright', 'test', '--config', 'test/playwright.config.ts', 'hosts'], env: { HOSTS: 'all' } }],
    browser: true,
  },
  {
    name: 'slips',
    says: 'every view with every slip of the hand, the keyboard table, and pages that are looked at again',
    commands: [{ argv: ['playwright', 'test', '--config', 'test/playwright.config.ts', 'campaign'], env: { JOURNEYS: 'all' } }],
    browser: true,
  },
  {
    name: 'modes',
    says: 'stories with axe in every mode: light, dark, narrow, forced colours and right to left',
    commands: MODES.map((mode) => ({ ...vitest('stories'), env: { STORYBOOK_MODE: mode } })),
    browser: true,
  },
]

function propertyTests(): string[] {
  return globSync('{packages,apps}/*/src/**/*.test.ts', { exclude: ['**/node_modules/**', 'packages/{browser,react}/**'] }).filter((path) =>
    readFileSync(path, 'utf8').includes("from 'fast-check'"),
  )
}
