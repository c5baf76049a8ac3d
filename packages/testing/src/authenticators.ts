import type { Authenticator, Registration } from '@stile/protocol'
import { problem } from '@stile/protocol'
import { type Answer, type Body, codeOf, refuse } from './answer.ts'
import { CEREMONY, type Desk, FRESH_SECONDS, prove } from './desk.ts'
import { refusalToManage } from './management.ts'
import { authenticatorOf } from './world.ts'

/** What the subject has enrolled, and how that changes. */
export type Authenticators = Readonly<{
  list: () => Answer
  register: (body: Body) => Answer
  finish: (id: string, body: Body) => Answer
  rename: (id: string, body: Body) => Answer
  remove: (id: string) => Answer
}>

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const GUESSES = 5

type Running = { registration: Registration; guessesLeft: number }

/** Creates the room of the authenticators. A passkey's answer is taken as it comes: nothing here verifies a signature. */
export function createAuthenticators(desk: Desk): Authenticators {
  const { clock, world, change, nextId } = desk
  const running = new Map<string, Running>()
  const gated = (run: () => Answer): Answer => refusalToManage(world(), clock.now()) ?? run()
  const has = (id: string) => world().authenticators.some((each) => each.id === id)
  const missing = () => refuse(problem('not_found', 'There is no such authenticator.'))

  return {
    list: () => ({ status: 200, body: { authenticators: world().authenticators } }),
    register: ({ method }) =>
      gated(() => {
        const registration = begin(method === 'totp' ? 'totp' : 'passkey', nextId('reg'), clock.now() + FRESH_SECONDS)
        running.set(registration.id, { registration, guessesLeft: GUESSES })
        return { status: 201, body: registration }
      }),
    finish: (id, body) => {
      const found = running.get(id)
      if (!found || found.registration.expiresAt < clock.now()) {
        return refuse(problem('registration_expired', 'This enrolment has ended. Start again.'))
      }
      const { method } = found.registration
      if (method === 'totp' && codeOf(body) !== world().code) {
        found.guessesLeft -= 1
        if (found.guessesLeft <= 0) running.delete(id)
        return refuse(problem('attempt_failed', 'That code is not right.', { failure: 'wrong_code', attemptsLeft: found.guessesLeft }))
      }
      running.delete(id)
      const name = typeof body.name === 'string' ? { name: body.name } : {}
      const authenticator: Authenticator = authenticatorOf(method, { id: nextId('auth'), createdAt: clock.now(), ...name })
      change({ authenticators: [...world().authenticators, authenticator] })
      prove(desk, method)
      return { status: 201, body: authenticator }
    },
    rename: (id, { name }) =>
      gated(() => {
        if (!has(id)) return missing()
        const authenticators = world().authenticators.map((each) => (each.id === id ? { ...each, name: String(name) } : each))
        change({ authenticators })
        return { status: 200, body: authenticators.find((each) => each.id === id) }
      }),
    remove: (id) =>
      gated(() => {
        if (!has(id)) return missing()
        change({ authenticators: world().authenticators.filter((each) => each.id !== id) })
        return { status: 204 }
      }),
  }
}

function begin(method: 'passkey' | 'totp', id: string, expiresAt: number): Registration {
  if (method === 'totp') {
    const uri = `otpauth://totp/Stile:subject?secret=${SECRET}&issuer=Stile`
    return { id, expiresAt, method, start: { secret: SECRET, uri } }
  }
  const start = {
    ...CEREMONY,
    rp: { id: CEREMONY.rpId, name: 'Stile' },
    user: { id: 'dGVzdA', name: 'subject', displayName: 'subject' },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
  }
  return { id, expiresAt, method, start }
}
