import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assertPortFree, buildWeb, DEFAULT_PORTS, type Part, startDemo } from './demo.ts'

const HELP = `Builds and starts the demo: the verification service, an API with a guard, a web app, an identity provider and an inbox.

  pnpm start [--data DIR] [--dev] [--verbose]

  --data DIR   where database and keys are kept (default: .stile/demo)
  --dev        serve the web app from its source, and again as it changes (pnpm dev)
  --verbose    print every log line of every part
  --help       this text
`

const { values } = parseArgs({
  options: { data: { type: 'string' }, dev: { type: 'boolean' }, verbose: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}

const dataDir = values.data ?? join(fileURLToPath(new URL('..', import.meta.url)), '.stile/demo')

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

const parts = new Set<Part>()
let stopping = false

async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  say('\nStopping …')
  await Promise.all([...parts].map((part) => part.stop()))
  process.exit(code)
}

/** A part that ends by itself takes the rest with it, so that nothing is left half running. */
function watch(part: Part): void {
  parts.add(part)
  part.exited.then((code) => {
    if (stopping) return
    say(`The ${part.name} stopped by itself (exit code ${code}); stopping the rest.`)
    void stop(1)
  })
}

process.on('SIGINT', () => void stop(0))
process.on('SIGTERM', () => void stop(0))

try {
  await assertPortFree(DEFAULT_PORTS.service, 'verification service')
  await assertPortFree(DEFAULT_PORTS.admin, "service's admin port")
  await assertPortFree(DEFAULT_PORTS.api, 'demo API')
  await assertPortFree(DEFAULT_PORTS.web, 'web app')
  await assertPortFree(DEFAULT_PORTS.idp, 'identity provider')
  await assertPortFree(DEFAULT_PORTS.inbox, 'inbox')
  await assertPortFree(DEFAULT_PORTS.smtp, 'mail server')
  if (!values.dev) {
    say('Building the web app …')
    buildWeb()
  }
  say('Starting service, API, web app, identity provider and inbox …')
  const { urls } = await startDemo({
    ports: DEFAULT_PORTS,
    dataDir,
    fromSource: values.dev ?? false,
    onPart: watch,
    onLine: (part, line) => {
      if (values.verbose || !/"level":[1-4]0/.test(line)) say(`${part.padEnd(8)} ${line}`)
    },
  })
  say(`
  Quarterly, the demo product       ${urls.web}
  the same gate in plain JavaScript ${urls.web}/vanilla.html
  its API (Express + guard)         ${urls.api}
  the Stile service                 ${urls.service}
  licenses (admin, loopback only)   ${urls.admin}
  its identity provider (OpenID)    ${urls.idp}
  its mail server                   ${urls.smtp}

  Sign in as basic, pro or enterprise; the password is "stile". Mails are on the page Inbox.
  Data is kept in ${dataDir}. Ctrl-C stops everything.
`)
} catch (error) {
  if (!stopping) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
    await stop(1)
  }
}
