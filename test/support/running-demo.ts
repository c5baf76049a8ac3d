import { mkdtempSync, rmSync } from 'node:fs'
import { type RequestListener, request } from 'node:http'

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Demo, freePort, type Ports, startDemo } from '../../scripts/demo.ts'
import { LIMITS } from '../limits.ts'
import { listen as listenOn, stop } from './listening.ts'

/** The whole demo as processes, and what they print. */
export type RunningDemo = Readonly<{
  demo: Demo
  /** Another origin with the same pages. */
  backOffice: string
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
  const ports = await freePorts()
  const backOffice = `http://localhost:${await freePort()}`
  const started = listen((line) => whileStarting.push(line))
  const demo = await startDemo({
    ports,
    dataDir,
    guests: true,
    moreWebs: [backOffice],
    patience: LIMITS.start,
    onLine: (part, line) => {
      for (const each of listeners) each(`${part}: ${line}`)
    },
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${whileStarting.join('\n')}`)
  })
  started()
  const stopForwarding = await forward({ from: backOffice, to: demo.urls.web })
  return {
    demo,
    backOffice,
    listen,
    async close() {
      await Promise.all([stopForwarding(), demo.stop()])
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function freePorts(): Promise<Ports> {
  const [service, admin, api, web, idp, inbox, smtp] = await Promise.all([0, 1, 2, 3, 4, 5, 6].map(freePort))
  return { service, admin, api, web, idp, inbox, smtp } as Ports
}

/** Answers at one origin what another one answers; gives how to stop that. */
async function forward({ from, to }: Readonly<{ from: string; to: string }>): Promise<() => Promise<void>> {
  const pass: RequestListener = ({ method, url, headers }, response) => {
    const asked = request(new URL(url ?? '/', to), { method, headers: { ...headers, host: new URL(to).host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    asked.on('error', () => response.destroy())
    asked.end()
  }
  const server = await listenOn(pass, Number(new URL(from).port))
  return () => stop(server)
}
