import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCli } from '@stile/server/cli'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RunningService, startService } from './index.ts'
import { TEST_CONFIG } from './service.test-support.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stile-service-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const config = () => ({
  ...TEST_CONFIG,
  database: join(directory, 'data', 'stile.db'),
  port: 0,
  admin: { port: 0 },
  log: 'silent' as const,
})

async function guardKey(database: string): Promise<string> {
  let key = ''
  await runCli(['keys', 'create', '--scope', 'guard', '--audience', 'https://api.example', '--database', database], {
    out: (text) => {
      key += text
    },
    err: () => {},
    workingDirectory: directory,
    environment: {},
    now: () => Math.floor(Date.now() / 1000),
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  })
  return key.trim()
}

describe('started in this process', () => {
  let running: RunningService | undefined
  afterEach(async () => {
    await running?.close()
    running = undefined
  })

  test('it answers, with security headers, and problems for what is not there', async () => {
    running = await startService(config())
    const ready = await fetch(`${running.url}/readyz`)
    expect(ready.status).toBe(200)
    expect(ready.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(ready.headers.get('x-content-type-options')).toBe('nosniff')
    expect(ready.headers.get('x-powered-by')).toBeNull()
    for (const url of [`${running.url}/nothing`, `${running.adminUrl}/v1/state`]) {
      const missing = await fetch(url)
      expect(missing.status).toBe(404)
      expect(missing.headers.get('content-type')).toContain('application/problem+json')
      expect(missing.headers.get('x-request-id')).toBeTruthy()
    }
  })

  test('a second start keeps the data: the made secret still opens the keys', async () => {
    running = await startService(config())
    const keys = await (await fetch(`${running.url}/.well-known/jwks.json`)).json()
    const { database } = config()
    const secret = readFileSync(`${database}.secret`, 'utf8')
    expect(statSync(`${database}.secret`).mode & 0o777).toBe(0o600)
    await running.close()
    running = await startService(config())
    expect(await (await fetch(`${running.url}/.well-known/jwks.json`)).json()).toEqual(keys)
    expect(readFileSync(`${database}.secret`, 'utf8')).toBe(secret)
  })

  test('another rpId is refused once the store has one, and the first says how to go on', async () => {
    running = await startService(config())
    await running.close()
    running = undefined
    const moved = { ...config(), webauthn: { rpId: 'example.com', rpName: 'x', origins: ['https://example.com'] } }
    await expect(startService(moved)).rejects.toThrow(/belong to "localhost"[\s\S]*allowRpIdChange/)
    running = await startService({ ...moved, allowRpIdChange: true })
  })

  test('open streams end and the port is free again after closing', async () => {
    running = await startService(config())
    const { url } = running
    const feed = await fetch(`${url}/v1/feed`, { headers: { authorization: `Bearer ${await guardKey(config().database)}` } })
    const reader = feed.body?.getReader()
    expect((await reader?.read())?.done).toBe(false)
    const before = Date.now()
    await running.close()
    running = undefined
    while (!(await reader?.read())?.done);
    expect(Date.now() - before, 'it does not wait for the grace period').toBeLessThan(5000)
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  })
})

describe('started as a process', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  function launch(environment: Readonly<Record<string, string>> = {}) {
    writeFileSync(join(directory, 'stile.config.json'), JSON.stringify({ ...config(), log: 'info' }))
    const main = fileURLToPath(new URL('./main.ts', import.meta.url))
    const child = spawn(process.execPath, ['--conditions=@stile/source', main], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    let text = ''
    const waiting: (() => void)[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part) => {
        text += part
        for (const check of waiting) check()
      })
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>
    const said = (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve) => {
        const check = (): void => {
          const match = pattern.exec(text)
          if (match !== null) resolve(match)
        }
        waiting.push(check)
        check()
      })
    return { child, exited, said, text: () => text }
  }

  test('it says where it listens, and ends with 0 on SIGTERM', async () => {
    const { child, exited, said } = launch()
    const [, url] = await said(/"url":"(http:[^"]+)"/)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  })

  test('a taken port is a clear message and exit code 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { exited, text } = launch({ STILE_PORT: String(port) })
    expect((await exited)[0]).toBe(1)
    expect(text()).toContain(`Port ${port} on 127.0.0.1 is taken`)
    expect(text()).toContain('STILE_PORT')
    expect(text(), 'a message, not a stack').not.toMatch(/\n {4}at /)
    other.close()
  })

  test('a second signal does not wait for a request that never ends', async () => {
    const { child, exited, said } = launch()
    const [, url = ''] = await said(/"url":"(http:[^"]+)"/)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write('POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n')
    await once(socket, 'connect')
    child.kill('SIGINT')
    const half = setTimeout(() => child.kill('SIGINT'), 500)
    await exited
    clearTimeout(half)
    socket.destroy()
  })
})
