import { defineConfig } from '@playwright/test'
import { BROWSER_ARGS, findBrowser } from '../scripts/browser.ts'

// a journey that starts a service in its own process resolves the packages from source
process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, '--conditions=@stile/source'].filter(Boolean).join(' ')

const executablePath = findBrowser()

export default defineConfig({
  testDir: './journeys',
  outputDir: '../test-results',
  globalSetup: './support/build-web.ts',
  fullyParallel: false,
  workers: 2,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  forbidOnly: Boolean(process.env.CI),
  use: {
    browserName: 'chromium',
    launchOptions: { args: BROWSER_ARGS, ...(executablePath ? { executablePath } : {}) },
    screenshot: 'only-on-failure',
    viewport: { width: 1360, height: 900 },
    trace: 'retain-on-failure',
    locale: 'en-GB',
  },
})
