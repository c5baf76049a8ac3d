import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assertPortFree, buildWeb, DEFAULT_PORTS, startDemo } from './demo.ts'

const HELP = `Builds and starts the demo: the verification service, an API with a guard, and a web app.

  pnpm start [--data DIR] [--verbose]

  --data DIR   where database and keys are kept (default: .stile/demo)
  --verbose    print every log line of every part
  --help       this text
`

const { values } = parseArgs({ options: { data: { type: 'string' }, verbose: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}

const dataDir = values.data ?? join(fileURLToPath(new URL('..', import.meta.url)), '.stile/demo')

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

try {
  await assertPortFree(DEFAULT_PORTS.service, 'verification service')
  await assertPortFree(DEFAULT_PORTS.admin, "service's admin port")
  await assertPortFree(DEFAULT_PORTS.api, 'demo API')
  await assertPortFree(DEFAULT_PORTS.web, 'web app')
  say('Building the web app …')
  buildWeb()
  say('Starting service, API and web app …')
  const demo = await startDemo({
    ports: DEFAULT_PORTS,
    dataDir,
    onLine: (part, line) => {
      if (values.verbose || !/"level":[1-4]0/.test(line)) say(`${part.padEnd(8)} ${line}`)
    },
  })
  say(`
  Quarterly, the demo product       ${demo.urls.web}
  the same gate in plain JavaScript ${demo.urls.web}/vanilla.html
  its API (Express + guard)         ${demo.urls.api}
  the Stile service                 ${demo.urls.service}
  licenses (admin, loopback only)   ${demo.urls.admin}

  Sign in as basic, pro or enterprise; the password is "stile".
  Data is kept in ${dataDir}. Ctrl-C stops everything.
`)
  let stopping = false
  const stop = async (code: number) => {
    if (stopping) return
    stopping = true
    say('\nStopping …')
    await demo.stop()
    process.exit(code)
  }
  process.on('SIGINT', () => void stop(0))
  process.on('SIGTERM', () => void stop(0))
  for (const name of ['service', 'api', 'web'] as const) {
    demo.part(name).exited.then((code) => {
      if (stopping) return
      say(`The ${name} stopped by itself (exit code ${code}); stopping the rest.`)
      void stop(1)
    })
  }
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
