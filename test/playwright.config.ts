import { defineConfig } from '@playwright/test'
import { BROWSER_ARGS, findBrowser } from '../scripts/browser.ts'
import { LIMITS } from './limits.ts'

// a journey that starts a service in its own process resolves the packages from source
process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, '--conditions=@stile/source'].filter(Boolean).join(' ')

const executablePath = findBrowser()

export default defineConfig({
  testDir: './journeys',
  // longer than anybody waits for between two changes: `pnpm test slips`
  testIgnore: process.env.JOURNEYS === 'all' ? [] : ['campaign/**'],
  outputDir: '../test-results',
  globalSetup: './support/build-web.ts',
  // each worker runs one demo, and journeys share nothing but that
  fullyParallel: true,
  workers: 2,
  retries: 0,
  timeout: LIMITS.journey,
  expect: { timeout: LIMITS.wait },
  reporter: [['list']],
  forbidOnly: Boolean(process.env.CI),
  use: {
    browserName: 'chromium',
    launchOptions: { args: BROWSER_ARGS, ...(executablePath ? { executablePath } : {}) },
    screenshot: 'only-on-failure',
    viewport: { width: 1360, height: 900 },
    // the film of the screen would cost as much as the journey; the pages as they were at each step say more
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true, sources: true },
    locale: 'en-GB',
  },
})
