import type { EmailCodeStart, StepUp } from '@stile/protocol'
import { afterEach, beforeEach } from 'vitest'
import { startMailServer, type TestMailServer } from '../../mail/smtp.test-support.ts'
import type { Caller } from '../../sessions/caller.ts'
import { attempt, startMethod, startStepUp } from '../../step-ups/index.ts'
import { createWorld, type World } from '../../step-ups/world.test-support.ts'
import type { Domain } from '../../tokens/domain.ts'

export const ADA = 'ada@example.com'

/** Gives each test of a file a mail server, and a service that sends codes to alice, whose login is old. */
export function useMailbox() {
  let server: TestMailServer
  let world: World
  let caller: Caller

  const callerOf = (sub: string, more: Partial<Caller> = {}) =>
    world.caller({ sub, email: { address: sub === 'alice' ? ADA : `${sub}@example.com`, verified: true }, ...more })

  beforeEach(async () => {
    server = await startMailServer()
    world = await createWorld({ options: { mail: { from: 'no-reply@example.com', url: server.url } } })
    caller = await callerOf('alice')
    world.wait()
  })
  afterEach(() => world.close())

  return {
    get server() {
      return server
    },
    get world() {
      return world
    },
    get caller() {
      return caller
    },
    callerOf,
    /** Begins as the browser does: the first way is chosen at once, and only then something is sent. */
    async begin(by = caller, feature = 'recent', on: Domain = world.domain, operation?: object) {
      const stepUp = await startStepUp(on, by, { feature, operation })
      return methodsOf(stepUp)[0] === 'email-otp' ? startMethod(on, by, stepUp.id, 'email-otp') : stepUp
    },
    resend: (id: string, by = caller, on: Domain = world.domain) => startMethod(on, by, id, 'email-otp'),
    answer: (id: string, code: unknown, by = caller, on: Domain = world.domain) =>
      attempt(on, by, id, { method: 'email-otp', response: { code } }),
  }
}

/** The methods that a step-up offers, in order. */
export function methodsOf(stepUp: StepUp): readonly string[] {
  return stepUp.status === 'open' ? stepUp.methods.map(({ method }) => method) : []
}

/** What the browser is told of a code that was sent. */
export function startOf(stepUp: StepUp): EmailCodeStart | undefined {
  const way = stepUp.status === 'open' ? stepUp.methods.find(({ method }) => method === 'email-otp') : undefined
  return way?.start as EmailCodeStart | undefined
}

/** A code that is not this one. */
export function wrongOf(code: string): string {
  return code === '000000' ? '111111' : '000000'
}
