import { defineConfig } from 'vitest/config'

const conditions = ['@stile/source']
/** Packages whose tests need a document. */
const dom = ['browser', 'react']

export default defineConfig({
  resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'] },
  test: {
    projects: [
      {
        resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] },
        ssr: { resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] } },
        test: {
          name: 'node',
          environment: 'node',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...dom.map((name) => `packages/${name}/**`), '**/node_modules/**'],
        },
      },
      {
        resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'] },
        test: { name: 'dom', environment: 'jsdom', include: dom.map((name) => `packages/${name}/src/**/*.test.{ts,tsx}`) },
      },
    ],
  },
})
