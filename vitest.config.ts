import { fileURLToPath } from 'node:url'
import { storybookTest } from '@storybook/addon-vitest/vitest-plugin'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { BROWSER_ARGS, findBrowser } from './scripts/browser.ts'
import { LIMITS } from './test/limits.ts'

/** Packages resolve from source, so that nothing needs a build to be tested. */
const source = (platform: 'node' | 'browser') => ({ conditions: ['@stile/source', 'module', platform, 'development|production'] })
/** Packages whose tests need a document. */
const dom = ['browser', 'react']
const executablePath = findBrowser()
/** Tests that start a store in every way there is: a gate of its own. */
const STORES = 'packages/server/src/stores/**/*.test.ts'

/** What the tests that need no browser have in common. */
const node = {
  provide: { limits: LIMITS },
  environment: 'node',
  // a worker loads the packages once and not once for each file: no test here mocks a module or leaves a global changed
  isolate: false,
  setupFiles: ['./test/setup/properties.ts'],
  testTimeout: LIMITS.test,
  hookTimeout: LIMITS.hook,
  expect: { poll: { timeout: LIMITS.wait } },
}

/** How the stories are shown, as the Storybook's preview knows it too. Default: light. */
const mode = process.env.STORYBOOK_MODE

export default defineConfig({
  test: {
    projects: [
      {
        resolve: source('node'),
        ssr: { resolve: source('node') },
        test: {
          ...node,
          name: 'node',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/faults/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [...dom.map((name) => `packages/${name}/**`), STORES, '**/node_modules/**'],
        },
      },
      {
        resolve: source('node'),
        ssr: { resolve: source('node') },
        test: { ...node, name: 'store', include: [STORES] },
      },
      {
        resolve: source('browser'),
        // a file that asks for the node environment is resolved by these
        ssr: { resolve: source('browser') },
        test: {
          name: 'dom',
          provide: { limits: LIMITS },
          environment: 'jsdom',
          setupFiles: ['./test/setup/dom.ts'],
          include: dom.map((name) => `packages/${name}/src/**/*.test.{ts,tsx}`),
          testTimeout: LIMITS.test,
          hookTimeout: LIMITS.hook,
        },
      },
      {
        plugins: [
          storybookTest({ configDir: fileURLToPath(new URL('./apps/storybook/.storybook', import.meta.url)), disableAddonDocs: true }),
        ],
        resolve: source('browser'),
        test: {
          name: 'stories',
          setupFiles: [fileURLToPath(new URL('./test/setup/stories.ts', import.meta.url))],
          testTimeout: LIMITS.test,
          hookTimeout: LIMITS.hook,
          browser: {
            enabled: true,
            headless: true,
            provider: playwright({
              launchOptions: { args: BROWSER_ARGS, ...(executablePath ? { executablePath } : {}) },
              contextOptions: {
                colorScheme: mode === 'dark' ? 'dark' : 'light',
                // while the dialog fades in, axe would measure colours that nobody reads; a journey watches it move
                reducedMotion: 'reduce',
                forcedColors: mode === 'forced' ? 'active' : 'none',
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
