import express, { type RequestHandler, type Router } from 'express'
import type { Mail } from '../inbox/mailbox.ts'
import { env } from '../shared/env.ts'
import type { DemoSession } from './sessions.ts'

/** What stands for a user's mail program: the mails to the address of the user who is signed in, and no others. */
export function createInbox(signedIn: RequestHandler): Router {
  const router = express.Router()
  router.use(signedIn)

  router.get('/', async (_, response) => {
    const { email } = (response.locals.session as DemoSession).user
    const answer = await ask(`/mails?to=${encodeURIComponent(email)}`)
    if (!answer?.ok) return void response.status(503).json({ detail: 'The mail server does not answer.' })
    const { mails } = (await answer.json()) as { mails: readonly Mail[] }
    response.set('cache-control', 'no-store').json({
      address: email,
      mails: mails.map(({ id, from, subject, receivedAt, text, html }) => ({ id, from, subject, receivedAt, text, html: html !== '' })),
    })
  })

  // a mail may hold anything, so it is shown as a document of its own that can load and run nothing
  router.get('/:id/html', async ({ params }, response) => {
    const { email } = (response.locals.session as DemoSession).user
    const answer = await ask(`/mails/${encodeURIComponent(params.id)}`)
    const mail = answer?.ok ? ((await answer.json()) as Mail) : undefined
    if (!mail?.to.includes(email)) return void response.status(404).json({ detail: 'There is no such mail.' })
    response.set({
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'self'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors ${env.web}`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    // links open beside the inbox, as in a mail program
    response.type('html').send(`<!doctype html><base target="_blank" />${mail.html}`)
  })
  return router
}

function ask(path: string): Promise<Response | undefined> {
  const headers = { authorization: `Bearer ${env.inboxKey}` }
  return fetch(env.inbox + path, { headers, signal: AbortSignal.timeout(3000) }).catch(() => undefined)
}
