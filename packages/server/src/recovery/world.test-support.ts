import type { Registration } from '@stile/protocol'
import { finishRegistration, startRegistration } from '../authenticators/index.ts'
import { startMailServer } from '../mail/smtp.test-support.ts'
import { hotp } from '../methods/totp/hotp.ts'
import { softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { challengeOf, createWorld, decodeBase32 } from '../step-ups/world.test-support.ts'
import type { Domain } from '../tokens/domain.ts'
import { makeRecoveryCodes } from './index.ts'

/** The page that recovery links open. */
export const PAGE = 'https://app.example/recover'

export type RecoveryWorld = Awaited<ReturnType<typeof createRecoveryWorld>>

/** A world with a mail server, a page for recovery, and hands to lose and to recover with. */
export async function createRecoveryWorld() {
  const server = await startMailServer()
  const world = await createWorld({
    options: { mail: { from: 'no-reply@example.com', url: server.url }, recovery: { url: PAGE } },
  })
  const { domain, clock } = world
  return {
    ...world,
    server,
    /** A caller with a verified address, who has just signed in. */
    person: (sub = 'alice', more: Partial<Caller> = {}): Promise<Caller> =>
      world.caller({ sub, email: { address: `${sub}@example.com`, verified: true }, ...more }),
    /** The same caller after another sign-in. */
    signedIn: (caller: Caller, more: Partial<Caller> = {}): Caller => ({
      ...caller,
      login: { ...caller.login, authTime: clock.now() },
      ...more,
    }),
    /** Enrols a passkey, makes ten codes, and lets the proofs grow old. */
    async withCodes(caller: Caller): Promise<readonly string[]> {
      await world.enrolPasskey(caller)
      const { codes } = await world.confirmed(caller, () => makeRecoveryCodes(domain, caller))
      clock.advance(3600)
      return codes
    },
    beginApp: (caller: Caller, on: Domain = domain) =>
      startRegistration(on, caller, { method: 'totp' }) as Promise<Extract<Registration, { method: 'totp' }>>,
    finishApp: (caller: Caller, { id, start }: Extract<Registration, { method: 'totp' }>) =>
      finishRegistration(domain, caller, id, { response: { code: hotp(decodeBase32(start.secret), Math.floor(clock.now() / 30)) } }),
    async addPasskey(caller: Caller, on: Domain = domain) {
      const { id, start } = await world.confirmed(caller, () => startRegistration(on, caller, { method: 'passkey' }), on)
      const device = softAuthenticator()
      const response = device.register((start as { challenge: string }).challenge)
      const authenticator = await finishRegistration(on, caller, id, { response })
      world.hold(caller, { method: 'passkey', answer: (stepUp) => device.assert(challengeOf(stepUp)) })
      return authenticator
    },
    /** What waits to be told by mail. */
    async notices(): Promise<readonly string[]> {
      const claimed = await domain.store.outbox.claim({ now: clock.now(), leaseSeconds: 1, limit: 100 })
      for (const { id } of claimed) await domain.store.outbox.done({ id })
      return claimed.map(({ kind, to }) => `${kind} ${to}`)
    },
  }
}
