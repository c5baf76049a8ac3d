import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CLI = 'packages/server/src/cli/main.ts'
const CONFIG = 'apps/demo/stile.config.ts'
const NODE = ['--conditions=@stile/source', '--disable-warning=ExperimentalWarning']

/** Where the parts of the demo listen. */
export type Ports = Readonly<{ service: number; admin: number; api: number; web: number; idp: number; inbox: number; smtp: number }>

/** The ports that the README names. */
export const DEFAULT_PORTS: Ports = { service: 4000, admin: 4010, api: 4001, web: 5173, idp: 4002, inbox: 4003, smtp: 4025 }

export type DemoOptions = Readonly<{
  ports: Ports
  /** Holds the database, the secrets and the keys; kept from start to start. */
  dataDir: string
  /** Serves the pages from their source, and again as it changes, instead of what {@link buildWeb} has built. Default: false. */
  fromSource?: boolean
  /** Lets others than the named users sign in, as apps/demo/src/shared/users.ts says. Default: false. */
  guests?: boolean
  /** Other origins that show the same pages: whoever starts the demo serves them. Default: none. */
  moreWebs?: readonly string[]
  /** How long each part may take until it answers, in milliseconds. Default: a minute. */
  patience?: number
  /** Gets every line that a part prints. */
  onLine?: (part: string, line: string) => void
  /** Gets each part as soon as it is a process, so that it can be stopped while others still start. */
  onPart?: (part: Part) => void
}>

/** One running part. */
export type Part = Readonly<{ name: string; url: string; stop(): Promise<void>; exited: Promise<number | null> }>

export type Demo = Readonly<{
  urls: Readonly<{ service: string; admin: string; api: string; web: string; idp: string; inbox: string; smtp: string }>
  keys: DemoKeys
  /** Starts a part again that was stopped. */
  start(name: PartName): Promise<Part>
  part(name: PartName): Part
  /** Runs the command line beside the service, as an operator would: `stile <args> --config …`. Answers what it printed. */
  stile(...args: string[]): Promise<string>
  stop(): Promise<void>
}>

export type PartName = 'service' | 'api' | 'web' | 'idp' | 'inbox'

type DemoKeys = Readonly<{ guard: string; licenses: string }>

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  // below the ports that the system gives to whoever asks for any: one of these could be taken before it is used
  const [LOWEST, COUNT, TRIES] = [20_000, 12_000, 50]
  for (let tries = 0; tries < TRIES; tries++) {
    const port = LOWEST + randomInt(COUNT)
    if (await canListen(port)) return port
  }
  throw new Error(`Of ${TRIES} ports between ${LOWEST} and ${LOWEST + COUNT} all are taken. Stop what uses them, then start again.`)
}

function canListen(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.on('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Rejects with a sentence that says what to do if something already listens. */
export async function assertPortFree(port: number, what: string): Promise<void> {
  for (const host of ['127.0.0.1', '::1']) {
    await new Promise<void>((resolve, reject) => {
      const server = createServer()
      server.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') resolve()
        else
          reject(
            new Error(
              `Port ${port} is taken, so the ${what} cannot start. Stop the program that uses it (or an earlier demo), then start again.`,
            ),
          )
      })
      server.listen(port, host, () => server.close(() => resolve()))
    })
  }
}

/** Builds the demo's pages; once is enough for any number of starts. */
export function buildWeb(): void {
  execFileSync(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: join(ROOT, 'apps/demo'),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

/** Starts service, API, pages, identity provider and inbox, each as a process of its own, and resolves when all of them answer. */
export async function startDemo({
  ports,
  dataDir,
  fromSource = false,
  guests = false,
  moreWebs = [],
  patience = 60_000,
  onLine = () => {},
  onPart = () => {},
}: DemoOptions): Promise<Demo> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const urls = {
    service: `http://localhost:${ports.service}`,
    admin: `http://127.0.0.1:${ports.admin}`,
    api: `http://localhost:${ports.api}`,
    web: `http://localhost:${ports.web}`,
    idp: `http://localhost:${ports.idp}`,
    inbox: `http://127.0.0.1:${ports.inbox}`,
    smtp: `smtp://127.0.0.1:${ports.smtp}`,
  }
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: 'production',
    DEMO_DATA_DIR: dataDir,
    DEMO_GUESTS: guests ? 'on' : 'off',
    DEMO_SERVICE_URL: urls.service,
    DEMO_ADMIN_URL: urls.admin,
    DEMO_API_URL: urls.api,
    DEMO_WEB_URL: urls.web,
    DEMO_MORE_WEB_URLS: moreWebs.join(' '),
    DEMO_IDP_URL: urls.idp,
    DEMO_INBOX_URL: urls.inbox,
    DEMO_SMTP_URL: urls.smtp,
  }
  const keys = keysIn(dataDir, env, urls.api)
  // each part gets only the secrets that are its own, or that it shares with one other
  const fresh = () => randomBytes(32).toString('base64url')
  const [inboxKey, idpAppSecret, idpServiceSecret] = [fresh(), fresh(), fresh()]
  const secrets: Record<PartName, Record<string, string>> = {
    service: { STILE_SECRET: secretIn(dataDir), DEMO_IDP_SERVICE_SECRET: idpServiceSecret },
    api: { DEMO_GUARD_KEY: keys.guard, DEMO_LICENSES_KEY: keys.licenses, DEMO_INBOX_KEY: inboxKey, DEMO_IDP_APP_SECRET: idpAppSecret },
    web: {},
    idp: { DEMO_IDP_APP_SECRET: idpAppSecret, DEMO_IDP_SERVICE_SECRET: idpServiceSecret },
    inbox: { DEMO_INBOX_KEY: inboxKey },
  }

  const commands: Record<PartName, { args: string[]; cwd: string; ready: string }> = {
    api: { args: [...NODE, 'apps/demo/src/api/main.ts'], cwd: ROOT, ready: `${urls.api}/healthz` },
    service: {
      args: [...NODE, 'apps/service/src/main.ts', '--config', CONFIG],
      cwd: ROOT,
      ready: `${urls.service}/readyz`,
    },
    web: {
      args: [
        join(ROOT, 'node_modules/vite/bin/vite.js'),
        fromSource ? 'dev' : 'preview',
        ...['--port', String(ports.web), '--strictPort', '--host', 'localhost'],
      ],
      cwd: join(ROOT, 'apps/demo'),
      ready: `${urls.web}/`,
    },
    idp: { args: [...NODE, 'apps/demo/src/idp/main.ts'], cwd: ROOT, ready: `${urls.idp}/healthz` },
    inbox: { args: [...NODE, 'apps/demo/src/inbox/main.ts'], cwd: ROOT, ready: `${urls.inbox}/healthz` },
  }

  const parts = new Map<PartName, Part>()
  const start = async (name: PartName): Promise<Part> => {
    const { args, cwd, ready } = commands[name]
    const part = launch(
      name,
      urls[name],
      spawn(process.execPath, args, { cwd, env: { ...env, ...secrets[name] }, stdio: ['ignore', 'pipe', 'pipe'] }),
      onLine,
    )
    parts.set(name, part)
    onPart(part)
    await answers({ url: ready, part, patience })
    return part
  }
  const stile = async (...args: string[]): Promise<string> => {
    const options = { cwd: ROOT, env: { ...env, ...secrets.service } }
    return (await promisify(execFile)(process.execPath, [...NODE, CLI, ...args, '--config', CONFIG], options)).stdout
  }
  const stop = async () => {
    await Promise.all([...parts.values()].map((part) => part.stop()))
  }
  try {
    // the guard in the API wants to hear the service
    await start('service')
    await Promise.all((['api', 'web', 'idp', 'inbox'] as const).map(start))
  } catch (error) {
    await stop()
    throw error
  }
  return { urls, keys, start, stile, stop, part: (name) => parts.get(name) as Part }
}

function launch(name: string, url: string, child: ChildProcess, onLine: (part: string, line: string) => void): Part {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(name, line)
    })
  }
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const hard = setTimeout(() => child.kill('SIGKILL'), 8000)
    await exited
    clearTimeout(hard)
  }
  return { name, url, stop, exited }
}

async function answers({ url, part, patience }: Readonly<{ url: string; part: Part; patience: number }>): Promise<void> {
  let gone: { code: number | null } | undefined
  part.exited.then((code) => {
    gone = { code }
  })
  const deadline = Date.now() + patience
  while (Date.now() < deadline) {
    if (gone) throw new Error(`The ${part.name} stopped while starting (exit code ${gone.code}). What it printed above says why.`)
    const ok = await fetch(url, { signal: AbortSignal.timeout(2000) }).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`The ${part.name} did not answer at ${url} within ${patience / 1000} seconds. What it printed above may say why.`)
}

function secretIn(dataDir: string): string {
  const path = join(dataDir, 'secret')
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString('base64'), { mode: 0o600 })
  return readFileSync(path, 'utf8').trim()
}

/** The demo's machine keys: made once with the command line that an operator would use, then kept. */
function keysIn(dataDir: string, env: NodeJS.ProcessEnv, audience: string): DemoKeys {
  const path = join(dataDir, 'keys.json')
  if (!existsSync(path)) {
    const create = (...args: string[]): string =>
      execFileSync(process.execPath, [...NODE, CLI, 'keys', 'create', '--database', join(dataDir, 'stile.db'), '--ttl', '365d', ...args], {
        cwd: ROOT,
        env,
        encoding: 'utf8',
        stdio: 'pipe',
      }).trim()
    const keys: DemoKeys = {
      guard: create('--scope', 'guard', '--audience', audience, '--name', 'demo-api'),
      licenses: create('--scope', 'licenses:write', '--name', 'demo-billing'),
    }
    writeFileSync(path, JSON.stringify(keys), { mode: 0o600 })
  }
  return JSON.parse(readFileSync(path, 'utf8')) as DemoKeys
}
