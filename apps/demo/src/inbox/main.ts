import { timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import express from 'express'
import { env } from '../shared/env.ts'
import { closeServer, failToStart, listenAt, stopOnSignal } from '../shared/listen.ts'
import { createMailbox } from './mailbox.ts'

// the mail server of the demo: SMTP to bring mails, HTTP for the API to read them
const { server: smtp, mailsTo, mail } = createMailbox()

const app = express()
app.disable('x-powered-by')
app.get('/healthz', (_, response) => void response.json({ status: 'up' }))
app.use((request, response, next) => {
  if (isKey(request.headers.authorization)) next()
  else response.status(401).end()
})
app.get('/mails', ({ query }, response) => void response.json({ mails: mailsTo(typeof query.to === 'string' ? query.to : '') }))
app.get('/mails/:id', ({ params }, response) => {
  const found = mail(params.id)
  if (found) response.json(found)
  else response.status(404).end()
})

const expected = Buffer.from(`Bearer ${env.inboxKey}`)

function isKey(header: string | undefined): boolean {
  const given = Buffer.from(header ?? '')
  return env.inboxKey !== '' && given.length === expected.length && timingSafeEqual(given, expected)
}

const http = createServer(app)
listenAt(http, env.inbox, 'inbox')
const { port, hostname } = new URL(env.smtp)
smtp.on('error', (error: NodeJS.ErrnoException) => {
  // a client that hangs up in the middle of a mail is its own affair
  if (error.code === 'EADDRINUSE' || error.code === 'EACCES') failToStart(error, port, 'mail server')
})
smtp.listen(Number(port), hostname, () => process.stdout.write(`The mail server listens at ${env.smtp}\n`))

stopOnSignal(async () => {
  await Promise.all([closeServer(http), new Promise<void>((resolve) => smtp.close(() => resolve()))])
})
