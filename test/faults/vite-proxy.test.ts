import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { createServer } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../scripts/demo.ts'
import { enrollTotp, stepUpWithTotp } from '../support/ceremonies.ts'
import { mounted } from '../support/mounted.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { codeAt } from '../support/totp.ts'

// what docs/integrate.md says of a Vite dev server in front of the application
let stack: Stack
let pages: string
beforeAll(async () => {
  pages = mkdtempSync(join(tmpdir(), 'stile-vite-'))
  writeFileSync(join(pages, 'index.html'), '<!doctype html><title>The page of somebody</title>')
  stack = await startStack({
    path: '/stile',
    run: async (asked) => {
      const port = await freePort()
      const running = await mounted({ arrange: (router) => express().use('/stile', router) })({ ...asked, port })
      const api = `http://localhost:${port}`
      const vite = await createServer({
        configFile: false,
        root: pages,
        logLevel: 'error',
        server: { host: new URL(asked.options.publicUrl).hostname, port: asked.port, strictPort: true, proxy: { '/stile/': api } },
      })
      await vite.listen()
      return {
        ...running,
        close: async () => {
          await vite.close()
          await running.close()
        },
      }
    },
  })
})
afterAll(async () => {
  await stack.close()
  rmSync(pages, { recursive: true, force: true })
})

test('behind a Vite dev server that passes its paths on, a user enrols, steps up and opens a premium feature', async () => {
  await stack.license('acme', { tier: 'pro', state: 'active' })
  const alice = await stack.person({ sub: 'alice', account: 'acme' })
  const secret = await enrollTotp(alice, stack.clock.now())
  stack.clock.advance(16 * 60)
  // the guard's feed comes through Vite, too
  await stack.heard()
  const token = await stepUpWithTotp(alice, 'reports.export', codeAt(secret, stack.clock.now()))
  expect((await alice.api('GET', '/export', { token })).status).toBe(200)
})

test('and the page itself is Vite’s', async () => {
  expect(await (await fetch(new URL('/', stack.urls.service))).text()).toContain('The page of somebody')
})
