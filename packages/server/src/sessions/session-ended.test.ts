import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { finishRegistration, startRegistration } from '../authenticators/index.ts'
import { softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import { recordProof } from '../proofs/record.ts'
import { loadStanding } from '../standing/standing.ts'
import { createWorld, problemOf, type World } from '../step-ups/world.test-support.ts'
import type { Domain } from '../tokens/domain.ts'
import type { Caller } from './caller.ts'
import { endNamedSession, endSession, endSessions } from './end-sessions.ts'

/** A session that ends while something is under way in it, wherever that is noticed. */
describe('the answer if a session was ended meanwhile', () => {
  const relogin = { issuer: 'https://login.example', clientId: 'stile', redirectUris: ['https://app.example/done'] }
  let world: World
  beforeEach(async () => {
    world = await createWorld({ issuer: { relogin } })
  })
  afterEach(() => world.close())

  type End = (caller: Caller, domain: Domain) => Promise<void>
  const endOne: End = (caller, domain) => endSession(domain, caller)
  const endAll: End = ({ subject }, domain) => endSessions(domain, { subject })
  const endAtIssuer: End = ({ issuer, sid }, domain) => endNamedSession(domain, { issuer, sid })

  async function prove(more: Partial<Caller>, end: End) {
    const { domain } = world
    const caller = await world.caller(more)
    await world.arrive(caller)
    const standing = await loadStanding(domain, caller)
    await end(caller, domain)
    return problemOf(recordProof(domain, standing, { method: 'relogin', level: 'session', amr: [], authTime: domain.now() }))
  }
  async function enrol(end: End) {
    const caller = await world.caller()
    await world.arrive(caller)
    const { id, start } = await startRegistration(world.domain, caller, { method: 'passkey' })
    const response = softAuthenticator().register((start as { challenge: string }).challenge)
    const { authenticators } = world.domain.store
    // the end comes when all has been looked at and nothing is written yet
    const create: typeof authenticators.create = async (input) => {
      await end(caller, world.domain)
      return authenticators.create(input)
    }
    const on: Domain = { ...world.domain, store: { ...world.domain.store, authenticators: { ...authenticators, create } } }
    return problemOf(finishRegistration(on, caller, id, { response }))
  }
  const OVER = { code: 'session_ended', next: { methods: ['relogin'] } }

  test.each([
    ['one', endOne],
    ['all', endAll],
  ])('names the way back to who proves something, if support ended %s', async (_, end) => {
    expect(await prove({}, end)).toMatchObject(OVER)
  })

  test('names the way back to who enrols something', async () => {
    expect(await enrol(endAll)).toMatchObject(OVER)
  })

  test('names none if the issuer ended it, somebody acts for the subject, or the client has no page to come back to', async () => {
    for (const problem of [
      await prove({}, endAtIssuer),
      await prove({ actor: 'support', sid: 'staff' }, endAtIssuer),
      await prove({ client: 'another', sid: 's2' }, endAll),
    ]) {
      expect(problem.code).toBe('session_ended')
      expect(problem).not.toHaveProperty('next')
    }
  })

  test('names none if users cannot sign in again here', async () => {
    const without = await createWorld()
    const caller = await without.caller()
    const standing = await loadStanding(without.domain, caller)
    await endOne(caller, without.domain)
    const proof = { method: 'relogin', level: 'session', amr: [], authTime: without.clock.now() } as const
    const problem = await problemOf(recordProof(without.domain, standing, proof))
    expect(problem.code).toBe('session_ended')
    expect(problem).not.toHaveProperty('next')
    await without.close()
  })
})
