// How long the built packages take from the start of node to what they are started for: the help of the command line, and a service that is ready.
// Needs a build (pnpm build). A service that is started for the first time makes its store; later ones find it, as at a restart.
// Run: node --conditions=@stile/source test/bench/start.bench.ts
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { spreadOf } from '../../scripts/bench/compare.ts'
import { measureInTurns, ratios, reportGoals } from '../../scripts/bench/rounds.ts'
import { freePort } from '../../scripts/demo.ts'
import { API, createIssuer, ISSUER, ORIGIN, SESSION_AUDIENCE } from './step-up/people.ts'

const ROUNDS = 9
/** In milliseconds, on an idle machine. */
const MOST = { help: 250, ready: 800 }
const LISTENS = 'the service listens'

const root = resolve(import.meta.dirname, '../..')
const stile = join(root, 'packages/server/bin/stile.js')
const service = join(root, 'apps/service/src/main.ts')
const directory = mkdtempSync(join(tmpdir(), 'stile-start-bench-'))
const port = await freePort()

function writeConfig(): string {
  const path = join(directory, 'stile.config.json')
  const policy = { format: 1, features: { 'reports.view': {} }, tiers: { basic: { features: ['reports.view'] } } }
  const config = {
    publicUrl: `http://127.0.0.1:${port}`,
    environment: 'test',
    secret: Buffer.alloc(32, 1).toString('base64'),
    policy,
    database: 'stile.db',
    admin: { port: 0 },
    log: 'info',
    issuers: [{ id: 'bench', issuer: ISSUER, jwks: { keys: [createIssuer().publicJwk] }, audience: SESSION_AUDIENCE }],
    clients: [{ id: 'web', origins: [ORIGIN] }],
    audiences: [{ id: API, issuers: ['bench'], clients: ['web'] }],
    webauthn: { rpId: 'localhost', rpName: 'Bench', origins: [ORIGIN] },
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

function node(...args: readonly string[]): ChildProcess {
  // what is measured is what was built, however this process itself runs
  const { NODE_OPTIONS: _, ...env } = process.env
  const flags = ['--disable-warning=ExperimentalWarning']
  return spawn(process.execPath, [...flags, ...args], { cwd: directory, env, stdio: ['ignore', 'pipe', 'inherit'] })
}

async function untilExit(...args: readonly string[]): Promise<{ ms: number }> {
  const begun = performance.now()
  const child = node(...args)
  child.stdout?.resume()
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}.`)
  return { ms: performance.now() - begun }
}

async function untilReady(config: string): Promise<{ ms: number }> {
  const begun = performance.now()
  const child = node(service, '--config', config)
  const exited = once(child, 'exit')
  // not asked before it listens: a connection to a port of the ephemeral range can take the port itself
  await Promise.race([listening(child), exited.then(([code]) => Promise.reject(new Error(`The service ended with ${code}.`)))])
  const { status } = await fetch(`http://127.0.0.1:${port}/readyz`)
  const ms = performance.now() - begun
  if (status !== 200) throw new Error(`The service is not ready: ${status}.`)
  child.kill('SIGTERM')
  await exited
  return { ms }
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    let printed = ''
    child.stdout?.on('data', (chunk) => {
      printed += chunk
      if (printed.includes(LISTENS)) resolve()
    })
  })
}

try {
  if (!existsSync(join(root, 'packages/server/dist/cli/main.js')))
    throw new Error('Nothing is built that could be started. Run: pnpm build')
  const config = writeConfig()
  const { bare, help, ready } = await measureInTurns({
    contestants: { bare: () => untilExit('-e', '0'), help: () => untilExit(stile, '--help'), ready: () => untilReady(config) },
    rounds: ROUNDS,
  })
  for (const [name, measured] of Object.entries({ 'node -e 0': bare, 'stile --help': help, 'service ready': ready })) {
    const { median } = spreadOf(ratios(measured, bare, 'ms'))
    console.log(`${name.padEnd(14)} ${measured.map(({ ms }) => ms.toFixed(0)).join(' ')} ms, ${median.toFixed(1)}x node -e 0`)
  }
  reportGoals([
    { name: 'start: stile --help', values: help.map(({ ms }) => ms), unit: 'ms', atMost: MOST.help },
    { name: 'start: service until /readyz', values: ready.map(({ ms }) => ms), unit: 'ms', atMost: MOST.ready },
  ])
} finally {
  rmSync(directory, { recursive: true, force: true })
}
