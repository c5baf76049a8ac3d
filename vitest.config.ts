import { fileURLToPath } from 'node:url'
import { storybookTest } from '@storybook/addon-vitest/vitest-plugin'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { BROWSER_ARGS, findBrowser } from './scripts/browser.ts'

/** Packages resolve from source, so that nothing needs a build to be tested. */
const source = (platform: 'node' | 'browser') => ({ conditions: ['@stile/source', 'module', platform, 'development|production'] })
/** Packages whose tests need a document. */
const dom = ['browser', 'react']
const executablePath = findBrowser()

export default defineConfig({
  test: {
    projects: [
      {
        resolve: source('node'),
        ssr: { resolve: source('node') },
        test: {
          name: 'node',
          environment: 'node',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/faults/**/*.test.ts'],
          exclude: [...dom.map((name) => `packages/${name}/**`), '**/node_modules/**'],
        },
      },
      {
        resolve: source('browser'),
        // a file that asks for the node environment is resolved by these
        ssr: { resolve: source('browser') },
        test: { name: 'dom', environment: 'jsdom', include: dom.map((name) => `packages/${name}/src/**/*.test.{ts,tsx}`) },
      },
      {
        plugins: [
          storybookTest({ configDir: fileURLToPath(new URL('./apps/storybook/.storybook', import.meta.url)), disableAddonDocs: true }),
        ],
        resolve: source('browser'),
        test: {
          name: 'stories',
          browser: {
            enabled: true,
            headless: true,
            provider: playwright({ launchOptions: { args: BROWSER_ARGS, ...(executablePath ? { executablePath } : {}) } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
