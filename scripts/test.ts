import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { CAMPAIGNS, GATES, type Gate } from './gates/gates.ts'
import { type Ran, runGates } from './gates/run.ts'

const listed = (gates: readonly Gate[]): string => gates.map(({ name, says }) => `  ${name.padEnd(14)} ${says}`).join('\n')

const HELP = `Runs every gate that a change must pass, or the ones you name.

  pnpm test [gate ...] [--all] [--keep-going] [--lanes N]

Gates, and what a failure of each is about:
${listed(GATES)}

Campaigns, which take longer and run only with --all or if you name them:
${listed(CAMPAIGNS)}

  --all          the gates and then the campaigns
  --keep-going   run the remaining gates after one has failed
  --lanes N      how many gates run side by side (default: 2 if there are two cores); campaigns run alone
  --help         this text
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean' },
    'keep-going': { type: 'boolean' },
    lanes: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const unknown = positionals.filter((name) => ![...GATES, ...CAMPAIGNS].some((gate) => gate.name === name))
if (unknown.length > 0) {
  process.stderr.write(`There is no gate named ${unknown.join(', ')}.\n\n${HELP}`)
  process.exit(2)
}
const lanes = Number(values.lanes ?? Math.min(2, availableParallelism()))
if (!Number.isInteger(lanes) || lanes < 1) {
  process.stderr.write(`--lanes must be a whole number of at least 1, got ${values.lanes}.\n\n${HELP}`)
  process.exit(2)
}

const keepGoing = values['keep-going'] ?? false
const everything = positionals.length === 0
const gates = GATES.filter(({ name }) => everything || positionals.includes(name))
const campaigns = CAMPAIGNS.filter(({ name }) => positionals.includes(name) || values.all)
const shifts: readonly Readonly<{ gates: readonly Gate[]; lanes: number }>[] = [
  { gates: gates.filter(({ alone }) => alone), lanes: 1 },
  { gates: gates.filter(({ alone }) => !alone), lanes },
  { gates: campaigns, lanes: 1 },
]
const ran: Ran[] = []
for (const shift of shifts) {
  if (keepGoing || ran.every(({ passed }) => passed)) ran.push(...(await runGates(shift.gates, { lanes: shift.lanes, keepGoing })))
}

const took = ran.map(
  ({ gate, passed, seconds }) => `  ${gate.name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s${passed ? '' : '  FAILED'}`,
)
process.stdout.write(`\n=== took\n${took.join('\n')}\n`)
const failed = ran.filter(({ passed }) => !passed).map(({ gate }) => gate)
for (const { name, says } of failed) process.stderr.write(`\nGate "${name}" failed: ${says}. Run it alone with: pnpm test ${name}\n`)
process.stdout.write(`\ngates: ${ran.length - failed.length} passed, ${failed.length} failed\n`)
process.exit(failed.length > 0 ? 1 : 0)
