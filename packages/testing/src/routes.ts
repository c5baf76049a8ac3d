import type { Policy } from '@stile/policy'
import type { Authenticator, IssuedToken, Method, Problem, Proof, Registration, Requirement, State, StepUp } from '@stile/protocol'
import { AUTHENTICATORS_FEATURE, problem, rank } from '@stile/protocol'
import type { Clock } from './clock.ts'
import { decideIn, issueIn, proofsOf } from './decisions.ts'
import { authenticatorOf, type World } from './world.ts'

/** What the routes answer from. */
export type RouteContext = Readonly<{
  policy: Policy
  clock: Clock
  world: () => World
  change: (next: Partial<World>) => void
  state: () => State
}>

/** A status and a JSON body; no body where there is none. */
export type Answer = Readonly<{ status: number; body?: unknown }>

type Open = { id: string; feature: string; requirement: Requirement; methods: readonly Method[]; attemptsLeft: number; expiresAt: number }
type Body = Readonly<Record<string, unknown>>

/** Enough of WebAuthn's options to start a ceremony; the challenge is never checked here. */
const CEREMONY = { challenge: 'dGVzdA', rpId: 'localhost', userVerification: 'required', timeout: 60_000 }
const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const FRESH_SECONDS = 300

/** The routes of the subject-facing service, over one world. */
export function answer(context: RouteContext): (method: string, path: string, body: Body) => Promise<Answer> {
  const { policy, clock, world, change, state } = context
  const open = new Map<string, Open>()
  const registrations = new Map<string, Registration>()
  let serial = 0

  const prove = (method: Method) => {
    const level = method === 'passkey' ? 'phr' : 'mfa'
    const amr = method === 'passkey' ? ['pop', 'user', 'mfa'] : ['otp', 'mfa']
    const proof: Proof = { method, level, amr, authTime: clock.now() }
    change({ proofs: [...world().proofs.filter((each) => each.method !== method), proof] })
  }
  const issue = (): IssuedToken => issueIn(world(), clock.now())
  const view = (stepUp: Open): StepUp => ({
    id: stepUp.id,
    feature: stepUp.feature,
    requirement: stepUp.requirement,
    expiresAt: stepUp.expiresAt,
    status: 'open',
    attemptsLeft: stepUp.attemptsLeft,
    methods: stepUp.methods.map((method) => (method === 'passkey' ? { method, start: CEREMONY } : { method })),
  })
  const begin = (feature: string, requirement: Requirement, methods: readonly Method[]): Answer => {
    serial += 1
    const stepUp: Open = {
      id: `su_${serial}`,
      feature,
      requirement,
      methods,
      attemptsLeft: world().attempts,
      expiresAt: clock.now() + FRESH_SECONDS,
    }
    open.set(stepUp.id, stepUp)
    return { status: 201, body: view(stepUp) }
  }
  const done = ({ id, feature, requirement, expiresAt }: Omit<Open, 'methods' | 'attemptsLeft'>): StepUp => ({
    id,
    feature,
    requirement,
    expiresAt,
    status: 'done',
    issued: issue(),
  })

  function startStepUp(feature: string): Answer {
    if (feature === AUTHENTICATORS_FEATURE) {
      const requirement = managing(world())
      const methods = world().authenticators.map((each) => each.method)
      return managed(world(), clock.now())
        ? { status: 200, body: done({ id: 'su_done', feature, requirement, expiresAt: clock.now() }) }
        : begin(feature, requirement, methods)
    }
    const decision = decideIn(policy, world(), feature, clock.now())
    if (decision.outcome === 'permit') {
      return { status: 200, body: done({ id: 'su_done', feature, requirement: { level: 'session' }, expiresAt: clock.now() }) }
    }
    if (decision.outcome === 'step_up') return begin(feature, decision.requirement, decision.next.methods)
    const { reasons } = decision
    const detail = reasons.at(-1)?.message ?? ''
    if (decision.outcome === 'enroll') {
      return refuse(problem('enrollment_required', detail, { feature, reasons, requirement: decision.requirement, next: decision.next }))
    }
    if (decision.outcome === 'upgrade') return refuse(problem('license_required', detail, { feature, reasons, next: decision.next }))
    return refuse(problem('denied', detail, { feature, reasons }))
  }

  function attempt(stepUp: Open, body: Body): Answer {
    const method = body.method as Method
    if (!stepUp.methods.includes(method)) return refuse(problem('method_unavailable', 'This method cannot meet the requirement.'))
    if (method === 'totp' && codeOf(body) !== world().code) {
      stepUp.attemptsLeft -= 1
      if (stepUp.attemptsLeft <= 0) {
        return refuse(problem('too_many_attempts', 'Too many wrong codes. Try again later.', { attemptsLeft: 0, retryAfter: 900 }))
      }
      return refuse(problem('attempt_failed', 'That code is not right.', { failure: 'wrong_code', attemptsLeft: stepUp.attemptsLeft }))
    }
    open.delete(stepUp.id)
    prove(method)
    return { status: 200, body: done(stepUp) }
  }

  function register(method: 'passkey' | 'totp'): Answer {
    if (!managed(world(), clock.now())) {
      const requirement = managing(world())
      return refuse(
        problem('insufficient_user_authentication', 'Confirm it is you first.', { feature: AUTHENTICATORS_FEATURE, requirement }),
      )
    }
    serial += 1
    const base = { id: `reg_${serial}`, expiresAt: clock.now() + FRESH_SECONDS }
    const uri = `otpauth://totp/Stile:subject?secret=${SECRET}&issuer=Stile`
    const registration: Registration =
      method === 'totp'
        ? { ...base, method, start: { secret: SECRET, uri } }
        : {
            ...base,
            method,
            start: {
              ...CEREMONY,
              rp: { id: 'localhost', name: 'Stile' },
              user: { id: 'dGVzdA', name: 'subject', displayName: 'subject' },
              pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
            },
          }
    registrations.set(registration.id, registration)
    return { status: 201, body: registration }
  }

  function finish(registration: Registration, body: Body): Answer {
    if (registration.method === 'totp' && codeOf(body) !== world().code) {
      return refuse(problem('attempt_failed', 'That code is not right.', { failure: 'wrong_code', attemptsLeft: 4 }))
    }
    registrations.delete(registration.id)
    const name = typeof body.name === 'string' ? { name: body.name } : {}
    const authenticator: Authenticator = authenticatorOf(registration.method, {
      id: `auth_${registration.id}`,
      createdAt: clock.now(),
      ...name,
    })
    change({ authenticators: [...world().authenticators, authenticator] })
    prove(registration.method)
    return { status: 201, body: authenticator }
  }

  return async (verb, path, body) => {
    const [, , room, id, sub] = path.split('/')
    const stepUp = id === undefined ? undefined : open.get(id)
    switch (`${verb} ${room}`) {
      case 'GET state':
        return { status: 200, body: state() }
      case 'POST tokens':
        return { status: 200, body: issue() }
      case 'DELETE session':
        return { status: 204 }
      case 'POST step-ups':
        if (id === undefined) return startStepUp(String(body.feature))
        if (!stepUp || stepUp.expiresAt < clock.now()) return refuse(problem('step_up_expired', 'This step-up has ended. Start again.'))
        return sub === 'attempts' ? attempt(stepUp, body) : { status: 200, body: view(stepUp) }
      case 'GET authenticators':
        return { status: 200, body: { authenticators: world().authenticators } }
      case 'POST authenticators': {
        const registration = registrations.get(sub ?? '')
        if (sub === undefined) return register(body.method === 'totp' ? 'totp' : 'passkey')
        return registration ? finish(registration, body) : refuse(problem('registration_expired', 'This enrolment has ended. Start again.'))
      }
      case 'PATCH authenticators': {
        const renamed = world().authenticators.map((each) => (each.id === id ? { ...each, name: String(body.name) } : each))
        change({ authenticators: renamed })
        return { status: 200, body: renamed.find((each) => each.id === id) }
      }
      case 'DELETE authenticators':
        change({ authenticators: world().authenticators.filter((each) => each.id !== id) })
        return { status: 204 }
      default:
        return refuse(problem('not_found', `There is nothing at ${path}.`))
    }
  }
}

function refuse(body: Problem): Answer {
  return { status: body.status, body }
}

function codeOf(body: Body): string {
  return String((body.response as { code?: unknown } | undefined)?.code ?? '').replaceAll(' ', '')
}

/** What managing authenticators asks for: a fresh proof of the strongest level enrolled, or a fresh login where nothing is. */
function managing({ authenticators }: World): Requirement {
  const [first, ...others] = authenticators
  if (!first) return { level: 'session', maxAgeSeconds: FRESH_SECONDS, methods: ['relogin'] }
  const level = others.reduce((best, each) => (rank(each.level) > rank(best) ? each.level : best), first.level)
  return { level, maxAgeSeconds: FRESH_SECONDS }
}

function managed(world: World, now: number): boolean {
  const { level } = managing(world)
  return proofsOf(world, now).some((proof) => rank(proof.level) >= rank(level) && now - proof.authTime <= FRESH_SECONDS)
}
