import { definePolicy } from '@stile/policy'
import type { ReloginStart, StepUp } from '@stile/protocol'
import { afterEach, beforeEach, expect } from 'vitest'
import { TEST_ISSUER, TEST_START } from '../../domain.test-support.ts'
import type { ServiceOptions } from '../../options/options.ts'
import type { Caller } from '../../sessions/caller.ts'
import { attempt, startStepUp } from '../../step-ups/index.ts'
import { createWorld, problemOf, type World } from '../../step-ups/world.test-support.ts'
import type { Store } from '../../stores/store.ts'
import { type ScriptedLogin, type ScriptedProvider, startScriptedProvider } from './scripted-provider.test-support.ts'

/** A feature for each thing that a sign-in may be asked for. */
const POLICY = definePolicy({
  format: 1,
  features: {
    recent: { requires: { level: 'session', maxAge: '5m', methods: ['relogin'] } },
    export: { requires: { level: 'mfa', maxAge: '15m' } },
    approve: { requires: { level: 'phr', maxAge: '2m' } },
    sign: { requires: { level: 'session', methods: ['relogin', 'passkey'], bind: ['document'] } },
  },
  tiers: { pro: { features: ['recent', 'export', 'approve', 'sign'] } },
  license: { none: { tier: 'pro' } },
})
export const SECRET = 'the secret of this service'
export const PAGE = 'https://app.example/stile/done'
export const MFA = 'urn:login:mfa'

type IssuerInput = ServiceOptions['issuers'][number]
/** What a test sets apart from the usual; `clientSecret: undefined` leaves the secret out. */
type Changes = Readonly<{
  issuer?: Partial<IssuerInput>
  relogin?: Partial<NonNullable<IssuerInput['relogin']>>
  store?: Store
  /** Whether the service has no secret at the provider. */
  isPublic?: boolean
}>

/** Gives each test of a file a provider that says what a test scripts, and a service that signs people in there. */
export function useScriptedLogin() {
  let provider: ScriptedProvider
  let world: World

  const open = ({ issuer = {}, relogin = {}, store, isPublic = false }: Changes = {}): Promise<World> =>
    createWorld({
      policy: POLICY,
      ...(store && { store }),
      options: {
        issuers: [
          {
            id: 'main',
            issuer: TEST_ISSUER,
            jwks: 'https://login.example/jwks',
            audience: 'stile',
            relogin: {
              issuer: provider.issuer,
              clientId: 'stile',
              ...(!isPublic && { clientSecret: SECRET }),
              redirectUris: ['https://other.example/done', PAGE],
              ...relogin,
            },
            ...issuer,
          },
        ],
        clients: [
          { id: 'web', origins: ['https://app.example'] },
          { id: 'other', origins: ['https://other.example'] },
        ],
        audiences: [{ id: 'https://api.example', issuers: ['main'], clients: ['web', 'other'] }],
      },
    })
  const startProvider = (clientSecret?: string) =>
    startScriptedProvider({ now: () => world.clock.now(), ...(clientSecret !== undefined && { clientSecret }) })

  beforeEach(async () => {
    provider = await startProvider(SECRET)
    world = await open()
  })
  afterEach(async () => {
    await world.close()
    await provider.close()
  })

  /** A caller whose login is an hour old. */
  const caller = (overrides: Partial<Caller> = {}) =>
    world.caller({ login: { method: 'login', level: 'session', amr: ['pwd'], authTime: TEST_START - 3600 }, ...overrides })
  const begin = async (who: Caller, feature = 'recent', more: object = {}) => {
    const stepUp = await startStepUp(world.domain, who, { feature, ...more })
    return { id: stepUp.id, stepUp, url: urlOf(stepUp) }
  }
  const answer = (who: Caller, id: string, response: unknown) => attempt(world.domain, who, id, { method: 'relogin', response })
  /** Signs in as the script says, and hands the answer on. */
  const signIn = async (script: ScriptedLogin = {}, feature = 'recent') => {
    const who = await caller()
    const { id, url } = await begin(who, feature)
    return answer(who, id, provider.signIn(url, script))
  }

  return {
    get provider() {
      return provider
    },
    get world() {
      return world
    },
    open,
    /** Replaces the service by another one. */
    async reopen(changes: Changes = {}) {
      await world.close()
      world = await open(changes)
    },
    /** Replaces the provider by one that knows no secret, and the service by one that has none. */
    async reopenPublic() {
      await provider.close()
      provider = await startProvider()
      await this.reopen({ isPublic: true })
    },
    caller,
    begin,
    answer,
    signIn,
    /** The problem of a sign-in, after which nothing must have been proven. */
    async refusal(script: ScriptedLogin) {
      const problem = await problemOf(signIn(script))
      expect(await world.domain.store.proofs.list({ subject: 'main|alice', sid: 's1', jkt: (await caller()).jkt })).toEqual([])
      return problem
    },
  }
}

/** The page at which a sign-in begins; empty if none was started. */
export function urlOf(stepUp: StepUp): string {
  if (stepUp.status !== 'open') throw new Error('The step-up is not open.')
  const start = stepUp.methods.find(({ method }) => method === 'relogin')?.start as ReloginStart | undefined
  return start?.url ?? ''
}
