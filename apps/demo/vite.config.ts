import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { type Connect, defaultClientConditions, defineConfig, type Plugin } from 'vite'
import { env } from './src/shared/env.ts'

/** Where service and API are is known only when the page is served, so the same build runs on any ports. */
function runtimeConfig(): Plugin {
  const csp = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${env.service} ${env.api}`,
    // mails, which the API serves as documents that can load and run nothing
    `frame-src ${env.api}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
  const config: Connect.NextHandleFunction = (request, response, next) => {
    if (request.url?.split('?')[0] !== '/config.json') return next()
    response.setHeader('content-type', 'application/json')
    response.setHeader('cache-control', 'no-store')
    response.end(JSON.stringify({ service: env.service, api: env.api }))
  }
  return {
    name: 'quarterly-runtime-config',
    configureServer: ({ middlewares }) => void middlewares.use(config),
    configurePreviewServer: ({ middlewares }) => {
      middlewares.use((_, response, next) => {
        response.setHeader('content-security-policy', csp)
        response.setHeader('referrer-policy', 'no-referrer')
        response.setHeader('x-content-type-options', 'nosniff')
        next()
      })
      middlewares.use(config)
    },
  }
}

export default defineConfig({
  plugins: [react(), runtimeConfig()],
  resolve: { conditions: ['@stile/source', ...defaultClientConditions] },
  server: { port: Number(new URL(env.web).port), strictPort: true },
  build: {
    target: 'es2023',
    rolldownOptions: {
      input: {
        main: fileURLToPath(new URL('./index.html', import.meta.url)),
        signedInAgain: fileURLToPath(new URL('./signed-in-again.html', import.meta.url)),
        vanilla: fileURLToPath(new URL('./vanilla.html', import.meta.url)),
      },
    },
  },
})
