import type { Authenticator, Proof, Registration } from '@stile/protocol'
import { problem, rank } from '@stile/protocol'
import { type Answer, type Body, codeOf, refuse } from '../requests/answer.ts'
import type { Change } from '../requests/changes.ts'
import { CEREMONY, FRESH_SECONDS, prove, type ServiceContext } from '../requests/context.ts'
import { proofsOf } from '../world/decisions.ts'
import { type Enrollable, enrollableOf } from '../world/enrollable.ts'
import { authenticatorOf } from '../world/world.ts'
import { refusalToManage } from './management.ts'
import type { Totp } from './totp.ts'

/** What the subject has enrolled, and how that changes. */
export type Authenticators = Readonly<{
  list: () => Answer
  register: (body: Body) => Answer
  finish: (id: string, body: Body) => Answer
  rename: (id: string, body: Body) => Answer
  remove: (id: string) => Answer
}>

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const USER = 'dGVzdA'

type BoundBy = Authenticator['boundBy']
type Running = Readonly<{ registration: Registration; boundBy: BoundBy }>

/** Creates the authenticators of the service. A passkey's answer is taken as it comes: nothing here verifies a signature. */
export function createAuthenticators(context: ServiceContext, totp: Totp): Authenticators {
  const { clock, world, change, changes, nextId, mailbox, guesses } = context
  const running = new Map<string, Running>()
  const gated = (change: Change, run: () => Answer, anyProof = false): Answer => {
    const refused = refusalToManage(context, change, anyProof)
    if (refused) return refused
    changes.use(change)
    return run()
  }
  const missing = () => refuse(problem('not_found', 'There is no such authenticator.'))

  /** What lets an authenticator be added now; a ticket does once, if no administrator is needed or one gave it. */
  const admit = (method: Enrollable): BoundBy | Answer => {
    const { ticket, risk } = world()
    if (ticket && ticket.expiresAt >= clock.now() && (ticket.by === 'admin' || !['high', 'critical'].includes(risk))) {
      change({ ticket: null })
      return { method: ticket.by, level: 'session' }
    }
    const adding = { change: 'add', method }
    const own = changes.provenBy(adding)
    return (
      own ??
      refusalToManage(context, adding) ??
      strongestOf(proofsOf(world()).filter(({ authTime }) => clock.now() - authTime <= FRESH_SECONDS))
    )
  }
  const freeName = (method: Enrollable): string => {
    const { name } = authenticatorOf(method)
    const taken = world().authenticators.map((each) => each.name)
    const free = (number: number): string => {
      const next = number === 1 ? name : `${name} ${number}`
      return taken.includes(next) ? free(number + 1) : next
    }
    return free(1)
  }

  return {
    list: () => {
      const { authenticators } = world()
      const credentialIds = authenticators.filter(({ method }) => method !== 'totp').map(({ id }) => id)
      return { status: 200, body: { authenticators, webauthn: { rpId: CEREMONY.rpId, userId: USER, credentialIds } } }
    },
    register: ({ method }) => {
      const wanted = enrollableOf(method)
      if (!wanted) return refuse(problem('invalid_request', 'method is passkey, security-key or totp.'))
      const boundBy = admit(wanted)
      if ('status' in boundBy) return boundBy
      const registration = begin(wanted, nextId('reg'), clock.now() + FRESH_SECONDS)
      running.set(registration.id, { registration, boundBy })
      return { status: 201, body: registration }
    },
    finish: (id, body) => {
      const found = running.get(id)
      if (!found || found.registration.expiresAt < clock.now()) {
        return refuse(problem('registration_expired', 'This enrolment has ended. Start again.'))
      }
      const { method } = found.registration
      const refused = method === 'totp' ? undefined : world().refuses[method]
      if (refused) {
        running.delete(id)
        return refuse(problem('attempt_failed', 'That did not prove it.', { failure: refused }))
      }
      if (method === 'totp') {
        const guess = guesses.take(id)
        if ('status' in guess) return guess
        const failure = totp(codeOf(body))
        if (failure !== 'wrong_code') guess.forgive()
        const attemptsLeft = failure === 'code_used' ? guess.left + 1 : guess.left
        if (failure) return refuse(problem('attempt_failed', 'That code is not right.', { failure, attemptsLeft }))
      }
      running.delete(id)
      changes.use({ change: 'add', method })
      const name = typeof body.name === 'string' ? body.name : freeName(method)
      const attestation = method === 'security-key' ? { attestation: world().attestation } : {}
      const members = { id: nextId('auth'), createdAt: clock.now(), name, boundBy: found.boundBy, ...attestation }
      const authenticator = authenticatorOf(method, members)
      change({ authenticators: [...world().authenticators, authenticator] })
      prove(context, method, authenticator.level)
      mailbox.send('added')
      return { status: 201, body: authenticator }
    },
    rename: (id, { name: to }) => {
      const found = world().authenticators.find((each) => each.id === id)
      if (!found) return missing()
      const renamed = { ...found, name: String(to) }
      const rename = () => {
        change({ authenticators: world().authenticators.map((each) => (each.id === id ? renamed : each)) })
        return { status: 200, body: renamed }
      }
      return gated({ change: 'rename', id, name: found.name, to: renamed.name }, rename, true)
    },
    remove: (id) => {
      const found = world().authenticators.find((each) => each.id === id)
      if (!found) return missing()
      const { method, name } = found
      return gated({ change: 'remove', id, method, name }, () => {
        change({ authenticators: world().authenticators.filter((each) => each.id !== id) })
        mailbox.send('removed')
        return { status: 204 }
      })
    },
  }
}

function strongestOf(proofs: readonly Proof[]): BoundBy {
  const none: BoundBy = { method: 'login', level: 'session' }
  return proofs.reduce<BoundBy>((best, { method, level }) => (rank(level) > rank(best.level) ? { method, level } : best), none)
}

function begin(method: Enrollable, id: string, expiresAt: number): Registration {
  if (method === 'totp') {
    const uri = `otpauth://totp/Stile:subject?secret=${SECRET}&issuer=Stile`
    return { id, expiresAt, method, start: { secret: SECRET, uri } }
  }
  const start = {
    ...CEREMONY,
    rp: { id: CEREMONY.rpId, name: 'Stile' },
    user: { id: USER, name: 'subject', displayName: 'subject' },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    ...(method === 'security-key' && {
      hints: ['security-key'],
      attestation: 'direct',
      authenticatorSelection: { authenticatorAttachment: 'cross-platform' },
    }),
  }
  return { id, expiresAt, method, start }
}
