import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test as base, type Page } from '@playwright/test'
import { build, defaultClientConditions } from 'vite'
import { LIMITS } from '../limits.ts'

/** Where the pages of the hosts are; nothing listens there, and nothing is asked but the built files. */
export const ORIGIN = 'https://host.test'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

type Host = Readonly<{
  /** Query of the page, as `test/hosts/main.tsx` reads it. */
  query?: string
  /** A Content-Security-Policy. */
  csp?: string
}>

/** Serves pages of hosts: another library's modal, another library's rules. They are built once for a worker. */
export const test = base.extend<{ visit: (host: Host) => Promise<void> }, { built: string }>({
  built: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from the pattern
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'stile-hosts-'))
      await build({
        root: fileURLToPath(new URL('../hosts', import.meta.url)),
        configFile: false,
        logLevel: 'error',
        resolve: { conditions: ['@stile/source', ...defaultClientConditions] },
        build: { outDir: folder, target: 'es2023', chunkSizeWarningLimit: 4096, assetsInlineLimit: 0 },
      })
      await use(folder)
      rmSync(folder, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: LIMITS.start },
  ],
  visit: async ({ page, built }, use) => {
    await use(async ({ query = '', csp }) => {
      await page.route(`${ORIGIN}/**`, async (route) => {
        const path = new URL(route.request().url()).pathname
        const file = path === '/' ? '/index.html' : path
        const headers = { 'content-type': TYPES[extname(file)] ?? 'text/plain', ...(csp && { 'content-security-policy': csp }) }
        await route.fulfill({ headers, body: await readFile(join(built, file)) })
      })
      await page.goto(`${ORIGIN}/?${query}`)
    })
  },
})

/** What the page's Content-Security-Policy has refused so far. Call it before the page is visited. */
export async function watchViolations(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.addInitScript(() => {
    const seen: string[] = []
    Object.assign(globalThis, { violations: seen })
    addEventListener('securitypolicyviolation', (event) => seen.push(`${event.effectiveDirective} ${event.blockedURI}`), true)
  })
  return () => page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations)
}
