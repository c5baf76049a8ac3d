import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Demo, freePort, type Ports, startDemo } from '../../scripts/demo.ts'
import { LIMITS } from '../limits.ts'

/** The whole demo as processes, and what they print. */
export type RunningDemo = Readonly<{
  demo: Demo
  /** Gets every line that a part prints from now on; answers how to stop that. */
  listen(onLine: (line: string) => void): () => void
  close(): Promise<void>
}>

/** Starts service, API, pages, identity provider and inbox on free ports with an empty database. Every guest can sign in. */
export async function runDemo(): Promise<RunningDemo> {
  const dataDir = mkdtempSync(join(tmpdir(), 'stile-journey-'))
  const listeners = new Set<(line: string) => void>()
  const whileStarting: string[] = []
  const listen: RunningDemo['listen'] = (onLine) => {
    listeners.add(onLine)
    return () => void listeners.delete(onLine)
  }
  const started = listen((line) => whileStarting.push(line))
  const demo = await startDemo({
    ports: await freePorts(),
    dataDir,
    guests: true,
    patience: LIMITS.start,
    onLine: (part, line) => {
      for (const each of listeners) each(`${part}: ${line}`)
    },
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${whileStarting.join('\n')}`)
  })
  started()
  return {
    demo,
    listen,
    async close() {
      await demo.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function freePorts(): Promise<Ports> {
  const [service, admin, api, web, idp, inbox, smtp] = await Promise.all([0, 1, 2, 3, 4, 5, 6].map(freePort))
  return { service, admin, api, web, idp, inbox, smtp } as Ports
}
