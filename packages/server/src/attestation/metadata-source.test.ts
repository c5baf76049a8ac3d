import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SettingsService } from '@simplewebauthn/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readPem } from '../certificates/certificate.ts'
import { testRoot } from '../certificates/certificates.test-support.ts'
import { OptionsError } from '../options/error.ts'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import { metadataSigner } from './metadata.test-support.ts'
import { LONGEST_BLOB } from './metadata-blob.ts'
import { openMetadata } from './metadata-source.ts'

const START = 1_800_000_000
const AAGUID = '2fc0579f-8113-47ea-b116-bb5a8db9202a'
const signer = metadataSigner()
const models = (no: number, statuses?: string[]) =>
  signer.sign({ no, entries: [{ aaguid: AAGUID, roots: [testRoot('Maker')], ...(statuses && { statuses }) }] })

/** A server that publishes what it is told to, a log that is kept, and a clock. */
async function surroundings() {
  let listener: RequestListener = (_, response) => response.writeHead(503).end()
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const directory = mkdtempSync(join(tmpdir(), 'stile-metadata-'))
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = []
  const note = (level: string) => (fields: object, message?: string) =>
    void lines.push({ level, fields: { ...fields }, message: message ?? '' })
  let time = START
  const now = () => time
  const store = createSqliteStore({ path: ':memory:', now })
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await store.close()
    rmSync(directory, { recursive: true })
  })
  const log = { level: 'debug', info: note('info'), warn: note('warn'), error: note('error'), debug: note('debug') }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const path = join(directory, 'blob.jwt')
  const around = { settings: store.settings, now, log, fetch: globalThis.fetch }
  return {
    lines,
    asked: () => asked,
    wait: (seconds: number) => {
      time += seconds
    },
    answer: (text: string) => {
      listener = (_, response) => response.end(text)
    },
    listen: (next: RequestListener) => {
      listener = next
    },
    write: (text: string) => writeFileSync(path, text),
    fromUrl: () => openMetadata({ url, root: signer.root.pem, refreshSeconds: 3600 }, around),
    fromFile: () => openMetadata({ path, root: signer.root.pem, refreshSeconds: 3600 }, around),
    unpinned: () => openMetadata({ path, refreshSeconds: 3600 }, around),
  }
}

describe('metadata from an address', () => {
  test('are read at start, and again if that is due', async () => {
    const world = await surroundings()
    world.answer(models(1))
    const source = await world.fromUrl()
    expect(source.current()?.models.get(AAGUID)).toMatchObject({ revoked: false })
    world.answer(models(2, ['REVOKED']))
    await source.refresh()
    expect(world.asked()).toBe(1)
    world.wait(3600)
    await Promise.all([source.refresh(), source.refresh(), source.refresh()])
    expect(world.asked()).toBe(2)
    expect(source.current()).toMatchObject({ no: 2 })
    expect(source.current()?.models.get(AAGUID)).toMatchObject({ revoked: true })
  })

  test('that do not answer do not keep the service from starting: they are tried again soon, and the log says so', async () => {
    const world = await surroundings()
    const source = await world.fromUrl()
    expect(source.current()).toBeUndefined()
    expect(world.lines).toMatchObject([{ level: 'error', message: expect.stringMatching(/the answer was 503; no model is trusted/) }])
    world.answer(models(1))
    world.wait(600)
    await source.refresh()
    expect(source.current()).toMatchObject({ no: 1 })
  })

  test.each<[string, (no: number) => string | RequestListener]>([
    ['fail', () => (_, response) => response.writeHead(500).end()],
    ['break off', () => (_, response) => response.writeHead(200, { 'content-length': '9999' }).write('x', () => response.destroy())],
    ['are signed by somebody else', (no) => metadataSigner().sign({ no })],
    ['are older', () => models(1)],
    ['are a page', () => '<html></html>'],
  ])('that %s later leave the former in place', async (_, later) => {
    const world = await surroundings()
    world.answer(models(5))
    const source = await world.fromUrl()
    const next = later(6)
    if (typeof next === 'string') world.answer(next)
    else world.listen(next)
    world.wait(3600)
    await source.refresh()
    expect(world.asked()).toBe(2)
    expect(source.current()).toMatchObject({ no: 5 })
    expect(world.lines.at(-1)).toMatchObject({ level: 'error', message: expect.stringContaining('the former ones still count') })
  })

  test('without end are not read to the end', async () => {
    const world = await surroundings()
    const chunk = Buffer.alloc(1_048_576, 'x')
    let sent = 0
    world.listen((_, response) => {
      const more = (): void => {
        if (response.destroyed) return
        sent += chunk.length
        response.write(chunk, more)
      }
      more()
    })
    const source = await world.fromUrl()
    expect(source.current()).toBeUndefined()
    expect(world.lines[0]?.message).toContain(`larger than ${LONGEST_BLOB} bytes`)
    expect(sent).toBeLessThan(2 * LONGEST_BLOB)
  })

  test('that are overdue still count, and the log says so', async () => {
    const world = await surroundings()
    world.answer(signer.sign({ no: 3, nextUpdate: '2026-01-01' }))
    expect((await world.fromUrl()).current()).toMatchObject({ no: 3 })
    expect(world.lines.at(-1)).toMatchObject({
      level: 'warn',
      fields: { nextUpdate: '2026-01-01' },
      message: expect.stringContaining('overdue'),
    })
  })
})

describe('metadata never go back', () => {
  test('also if the service starts again', async () => {
    const world = await surroundings()
    world.write(models(7))
    await world.fromFile()
    world.write(models(8))
    await world.fromFile()
    world.write(models(7))
    await expect(world.fromFile()).rejects.toThrow(/number 7, but number 8 was read before/)
    world.write(models(8))
    expect((await world.fromFile()).current()).toMatchObject({ no: 8 })
  })
})

describe('a file of metadata that cannot be used is told at start', () => {
  test.each<[string, string | undefined, RegExp]>([
    ['is missing', undefined, /metadata that cannot be found/],
    ['is no blob', 'hello', /metadata that are not a signed blob/],
    ['is of another signer', metadataSigner().sign(), /does not lead to the root/],
  ])('if it %s', async (_, text, words) => {
    const world = await surroundings()
    if (text !== undefined) world.write(text)
    const error: unknown = await world.fromFile().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(OptionsError)
    expect(error).toMatchObject({ issues: [{ path: 'webauthn.attestation.metadata.path' }], message: expect.stringMatching(words) })
  })

  test('and later it leaves the former in place', async () => {
    const world = await surroundings()
    world.write(models(1))
    const source = await world.fromFile()
    world.write('hello')
    world.wait(3600)
    await source.refresh()
    expect(source.current()).toMatchObject({ no: 1 })
  })
})

test('without a root of the operator, that of the FIDO Alliance signs, which the library knows', async () => {
  const roots = SettingsService.getRootCertificates({ identifier: 'mds' }).map(readPem)
  expect(roots.length).toBeGreaterThan(0)
  expect(roots.every((root) => root?.x509.ca)).toBe(true)
  expect(roots.some((root) => root?.x509.subject.includes('Root CA - R3'))).toBe(true)
  const world = await surroundings()
  world.write(models(1))
  await expect(world.unpinned()).rejects.toThrow('does not lead to the root')
})
