import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import express, { type NextFunction, type Request, type Response } from 'express'
import { env } from '../shared/env.ts'
import { keyFile } from '../shared/key-file.ts'
import { closeServer, listenAt, stopOnSignal } from '../shared/listen.ts'
import { createAccountPage } from './account.ts'
import { page } from './pages.ts'
import { createProvider } from './provider.ts'
import { createSignIn } from './sign-in.ts'

// the identity provider of the demo: a real OpenID provider with the demo's users
const signingKey = await keyFile('idp-key.json')
const cookieKey = createHash('sha256').update(`cookies ${signingKey.d}`).digest('base64url')
const provider = createProvider({ signingKey, cookieKey })

const app = express()
app.disable('x-powered-by')
app.get('/healthz', (_, response) => void response.json({ status: 'up' }))
app.get('/style.css', (_, response) => response.sendFile(fileURLToPath(new URL('./style.css', import.meta.url))))
app.get('/continue.js', (_, response) => response.type('js').send("document.querySelector('button[name=logout]').click()\n"))
app.get('/icon.svg', (_, response) => response.sendFile(fileURLToPath(new URL('../../public/icon.svg', import.meta.url))))
app.use(['/sign-in', '/account'], (_, response, next) => {
  response.set({
    // browsers follow a form's redirects only to where `form-action` allows
    'content-security-policy': `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' ${env.api} ${env.web}; base-uri 'none'; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  next()
})
app.use('/sign-in', createSignIn(provider))
app.get('/account', createAccountPage(provider))
app.get('/', (_, response) => response.redirect('/account'))
app.use(provider.callback())
app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
  if (response.headersSent) return next(error)
  const known = error instanceof Error && error.name === 'SessionNotFound'
  if (!known) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  const text = known ? 'This sign-in has expired or was finished already.' : 'Something went wrong on our side.'
  response.status(known ? 400 : 500).send(page('Start again', { body: [{ text }], link: env.web }))
})

const server = createServer(app)
listenAt(server, env.idp, 'identity provider')
stopOnSignal(() => closeServer(server))
