import { randomInt, timingSafeEqual } from 'node:crypto'
import express, { type Request, type Response, type Router } from 'express'
import type Provider from 'oidc-provider'
import { MFA_ACR, PASSWORD_ACR } from '../shared/sign-in-levels.ts'
import { authenticate } from '../shared/users.ts'
import { type Line, page, passwordForm, phoneForm } from './pages.ts'
import { asksForMfa } from './provider.ts'

/** A sign-in whose password was right and whose phone is asked. */
type SecondStep = { readonly sub: string; readonly code: string; tries: number; readonly expiresAt: number }

const MAX_TRIES = 5
const SECOND_STEP_MS = 10 * 60_000

/** The pages on which people sign in: the password, then the phone if more is asked for. */
export function createSignIn(provider: Provider): Router {
  const router = express.Router()
  router.use(express.urlencoded({ extended: false, limit: '4kb' }))
  const waiting = new Map<string, SecondStep>()

  router.get('/:uid', async (request, response) => {
    const { uid, params } = await provider.interactionDetails(request, response)
    askPassword(response, uid, typeof params.login_hint === 'string' ? params.login_hint : '')
  })

  router.post('/:uid/password', async (request, response) => {
    const { uid, params } = await provider.interactionDetails(request, response)
    const { user: name, password } = request.body as Readonly<Record<string, unknown>>
    const user = authenticate(name, password)
    if (!user)
      return askPassword(response, uid, String(name ?? ''), [{ kind: 'problem', text: 'That user name and password do not match.' }])
    if (!asksForMfa(params.acr_values)) return finish(request, response, user.sub, false)
    for (const [id, { expiresAt }] of waiting) if (expiresAt <= Date.now()) waiting.delete(id)
    waiting.set(uid, { sub: user.sub, code: `${randomInt(1_000_000)}`.padStart(6, '0'), tries: 0, expiresAt: Date.now() + SECOND_STEP_MS })
    askPhone(response, uid)
  })

  router.post('/:uid/phone', async (request, response) => {
    const { uid } = await provider.interactionDetails(request, response)
    const step = waiting.get(uid)
    if (!step || step.expiresAt <= Date.now() || step.tries >= MAX_TRIES) {
      waiting.delete(uid)
      return askPassword(response, uid, '', [{ kind: 'problem', text: 'That took too long, or too many codes were wrong. Start again.' }])
    }
    const given = String((request.body as Readonly<Record<string, unknown>>).code ?? '').replaceAll(' ', '')
    step.tries += 1
    const right = given.length === step.code.length && timingSafeEqual(Buffer.from(given), Buffer.from(step.code))
    if (!right) return askPhone(response, uid, [{ kind: 'problem', text: 'That code is not right.' }])
    waiting.delete(uid)
    await finish(request, response, step.sub, true)
  })

  router.post('/:uid/cancel', async (request, response) => {
    const { uid } = await provider.interactionDetails(request, response)
    waiting.delete(uid)
    await provider.interactionFinished(request, response, {
      error: 'access_denied',
      error_description: 'The user chose not to sign in.',
    })
  })

  function askPassword(response: Response, uid: string, user: string, lines: readonly Line[] = []): void {
    const hint: Line = { kind: 'hint', text: 'This is a demo: basic, pro or enterprise, the password is “stile”.' }
    response.send(page('Sign in', { body: [...lines, hint], html: passwordForm(uid, user) }))
  }

  function askPhone(response: Response, uid: string, lines: readonly Line[] = []): void {
    const code = waiting.get(uid)?.code ?? ''
    const hint: Line = { kind: 'hint', text: `This is a demo without a phone. It would show: ${code.slice(0, 3)} ${code.slice(3)}` }
    response.send(page('Confirm with your phone', { body: [...lines, hint], html: phoneForm(uid) }))
  }

  async function finish(request: Request, response: Response, sub: string, phone: boolean): Promise<void> {
    const interaction = await provider.interactionDetails(request, response)
    const { session } = interaction
    if (session && session.accountId !== sub) {
      // another person at the same browser: the former sign-in is gone here, and is no sign-out of what it was used for
      await (await provider.Session.findByUid(session.uid))?.destroy()
      Reflect.deleteProperty(session, 'uid')
      await interaction.persist()
    }
    await provider.interactionFinished(request, response, {
      login: { accountId: sub, acr: phone ? MFA_ACR : PASSWORD_ACR, amr: phone ? ['pwd', 'otp', 'mfa'] : ['pwd'] },
    })
  }

  return router
}
