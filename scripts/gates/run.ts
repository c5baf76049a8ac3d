import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBrowser } from '../browser.ts'
import type { Command, Gate } from './gates.ts'

/** How a gate went. */
export type Ran = Readonly<{ gate: Gate; passed: boolean; seconds: number }>

export type RunOptions = Readonly<{
  /** How many run side by side. One alone writes as it goes; of several each is shown whole as soon as it has ended. */
  lanes: number
  /** Whether others begin after one has failed. */
  keepGoing: boolean
}>

const CACHE = join(fileURLToPath(new URL('../..', import.meta.url)), 'node_modules/.cache/node')

/** Runs gates in their order and answers how they went, in the order in which they ended. */
export async function runGates(gates: readonly Gate[], { lanes, keepGoing }: RunOptions): Promise<readonly Ran[]> {
  const ran: Ran[] = []
  const queue = [...gates]
  const live = Math.min(lanes, gates.length) === 1
  const lane = async (): Promise<void> => {
    for (let gate = queue.shift(); gate !== undefined; gate = queue.shift()) {
      if (!keepGoing && ran.some(({ passed }) => !passed)) return
      ran.push(await runGate(gate, live))
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return ran
}

async function runGate(gate: Gate, live: boolean): Promise<Ran> {
  process.stdout.write(live ? `\n=== ${gate.name}\n` : `... ${gate.name} begins\n`)
  const began = performance.now()
  const printed: string[] = []
  let passed = true
  const env = { ...process.env, NODE_COMPILE_CACHE: CACHE, ...(gate.browser && { CHROME_PATH: ensureBrowser() }) }
  for (const command of gate.commands) {
    if (passed) passed = (await run(command, { env, ...(!live && { onOutput: (text) => printed.push(text) }) })) === 0
  }
  const seconds = (performance.now() - began) / 1000
  if (!live) process.stdout.write(`\n=== ${gate.name}${passed ? '' : ' FAILED'}, ${seconds.toFixed(1)} s\n${printed.join('')}`)
  return { gate, passed, seconds }
}

type HowToRun = Readonly<{ env: NodeJS.ProcessEnv; onOutput?: (text: string) => void }>

/** Resolves with the exit code. */
function run({ argv, env: own }: Command, { env, onOutput }: HowToRun): Promise<number> {
  const [file = '', ...args] = argv
  const colour = onOutput && process.stdout.isTTY && env.NO_COLOR === undefined ? { FORCE_COLOR: '1' } : {}
  const child = spawn(file, args, {
    stdio: onOutput ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    env: { ...colour, ...env, ...own },
  })
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => onOutput?.(text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
