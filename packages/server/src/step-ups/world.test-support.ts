import { definePolicy } from '@stile/policy'
import { AUTHENTICATORS_FEATURE, type IssuedToken, type Method, type Registration, type StepUp } from '@stile/protocol'
import { finishRegistration, startRegistration } from '../authenticators/index.ts'
import { createTestDomain, type TestDomainOverrides } from '../domain.test-support.ts'
import { StileError } from '../error.ts'
import { writeLicense } from '../licenses/licenses.ts'
import { hotp } from '../methods/totp/hotp.ts'
import { ORIGIN, RP_ID, type SoftAuthenticator, softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import type { Domain } from '../tokens/domain.ts'
import { attempt, startMethod, startStepUp } from './index.ts'

/** A policy with a feature of every kind that a step-up can meet. */
export const POLICY = definePolicy({
  format: 1,
  features: {
    view: {},
    recent: { requires: { level: 'session', maxAge: '5m' } },
    export: { requires: { level: 'mfa', maxAge: '15m' } },
    approve: { requires: { level: 'phr', maxAge: '2m' } },
    pay: { requires: { level: 'mfa', maxAge: '2m', bind: ['amount', 'currency'] } },
    'pay.much': { requires: { level: 'phr', maxAge: '2m', bind: ['amount'] } },
    sign: { requires: { level: 'session', bind: ['document'] } },
    vault: { requires: { level: 'phr' } },
  },
  tiers: {
    basic: { features: ['view', 'recent'] },
    pro: { extends: 'basic', features: ['export', 'approve', 'pay', 'pay.much', 'sign'] },
    enterprise: { extends: 'pro', features: ['vault'] },
  },
  license: { none: { tier: 'basic' } },
})

/** A subject's authenticator app. */
export type App = Readonly<{
  id: string
  /** The code of this many time steps from now. */
  code(away?: number): string
  /** A code that is not right now, nor within a few time steps. */
  wrong(): string
}>

/** A subject's passkey as the service knows it and as the device holds it. */
export type Passkey = SoftAuthenticator & Readonly<{ id: string }>

export type World = Awaited<ReturnType<typeof createWorld>>

/** A domain in which the account `acme` has the tier `pro`, and hands to enrol and to prove with. */
export async function createWorld(overrides: TestDomainOverrides = {}) {
  const world = await createTestDomain({
    policy: POLICY,
    ...overrides,
    options: { webauthn: { rpId: RP_ID, rpName: 'Example', origins: [ORIGIN] }, ...overrides.options },
  })
  const { domain, clock } = world
  /** What answers for each subject, the newest first. */
  const held = new Map<string, readonly Held[]>()
  const hold = (caller: Caller, each: Held) => held.set(caller.subject, [each, ...(held.get(caller.subject) ?? [])])
  const confirmed: Confirmed = async (caller, change, on = domain) => {
    try {
      return await change()
    } catch (error) {
      if (!(error instanceof StileError) || error.members.operation === undefined) throw error
      await confirmChange(on, caller, error.members.operation, held.get(caller.subject) ?? [])
      return change()
    }
  }
  await writeLicense(domain, 'acme', { tier: 'pro', state: 'active' })
  return {
    ...world,
    confirmed,
    hold,
    async enrolApp(caller: Caller, on: Domain = domain): Promise<App> {
      const begun = await confirmed(caller, () => startRegistration(on, caller, { method: 'totp' }), on)
      const { id, start } = begun as Extract<Registration, { method: 'totp' }>
      const secret = decodeBase32(start.secret)
      const code = (away = 0) => hotp(secret, Math.floor(clock.now() / 30) + away)
      const authenticator = await finishRegistration(on, caller, id, { response: { code: code() } })
      clock.advance(30)
      hold(caller, {
        method: 'totp',
        answer: () => ({ code: code() }),
        // the code is spent
        after: () => clock.advance(30),
      })
      const wrong = () => {
        const near = new Set([-3, -2, -1, 0, 1, 2, 3].map(code))
        for (let away = 1000; ; away++) if (!near.has(code(away))) return code(away)
      }
      return { id: authenticator.id, code, wrong }
    },
    async enrolPasskey(caller: Caller, options: Parameters<typeof softAuthenticator>[0] & { uv?: boolean } = {}): Promise<Passkey> {
      const device = softAuthenticator(options)
      const { id, start } = await confirmed(caller, () => startRegistration(domain, caller, { method: 'passkey' }))
      const { challenge } = start as { challenge: string }
      const authenticator = await finishRegistration(domain, caller, id, {
        response: device.register(challenge, { uv: options.uv ?? true }),
      })
      hold(caller, { method: 'passkey', answer: (stepUp) => device.assert(challengeOf(stepUp), { uv: options.uv ?? true }) })
      return { ...device, id: authenticator.id }
    },
    /** Lets every proof of enrolling grow too old for what a test asks. */
    wait: (seconds = 3600) => clock.advance(seconds),
  }
}

/** One thing of a subject that answers a step-up. */
export type Held = Readonly<{ method: Method; answer(stepUp: StepUp): unknown; after?: () => void }>

/** Makes a change of authenticators; if it is asked for, after the ceremony of its own, with what was enrolled last and would do. */
type Confirmed = <T>(caller: Caller, change: () => Promise<T>, on?: Domain) => Promise<T>

/** Gives the proof that a change was begun for, with the first thing that would do. */
export async function confirmChange(domain: Domain, caller: Caller, operation: unknown, held: readonly Held[]): Promise<void> {
  const started = await startStepUp(domain, caller, { feature: AUTHENTICATORS_FEATURE, operation })
  if (started.status !== 'open') throw new Error('The change was confirmed before.')
  const mine = held.find(({ method }) => started.methods.some((each) => each.method === method))
  if (mine === undefined) throw new Error('Nothing that was enrolled here would do.')
  const { method, answer, after } = mine
  const stepUp = started.methods.some((each) => each.method === method && each.start !== undefined)
    ? started
    : await startMethod(domain, caller, started.id, method)
  await attempt(domain, caller, started.id, { method, response: answer(stepUp) })
  after?.()
}

/** The problem that a promise is rejected with. */
export async function problemOf(promise: Promise<unknown>): Promise<ReturnType<StileError['toProblem']>> {
  try {
    await promise
  } catch (error) {
    if (error instanceof StileError) return error.toProblem()
    throw error
  }
  throw new Error('It was expected to be refused, and was not.')
}

/** The challenge of a passkey that a step-up has started. */
export function challengeOf(stepUp: StepUp): string {
  if (stepUp.status !== 'open') throw new Error('The step-up is not open.')
  const start = stepUp.methods.find(({ method }) => method === 'passkey')?.start as { challenge: string } | undefined
  if (start === undefined) throw new Error('No passkey was started.')
  return start.challenge
}

/** The token of a step-up that is done. */
export function issuedOf(stepUp: StepUp): IssuedToken {
  if (stepUp.status !== 'done') throw new Error('The step-up is not done.')
  return stepUp.issued
}

/** The claims of a token, unverified. */
export function claimsOf({ token }: IssuedToken): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString())
}

/** How many of these promises came true, and the codes of the others. */
export async function tally(promises: readonly Promise<unknown>[]): Promise<{ won: number; lost: string[] }> {
  const results = await Promise.allSettled(promises)
  const lost = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as StileError).code] : []))
  return { won: results.length - lost.length, lost }
}

/** The bytes that base32 without padding stands for. */
export function decodeBase32(text: string): Uint8Array {
  let bits = ''
  for (const letter of text) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}
