import { describe, expect, test } from 'vitest'
import { decideFor } from '../../decisions/decide.ts'
import { TEST_START } from '../../domain.test-support.ts'
import type { ServiceOptions } from '../../options/options.ts'
import { loadStanding } from '../../standing/standing.ts'
import { startStepUp } from '../../step-ups/index.ts'
import { problemOf } from '../../step-ups/world.test-support.ts'
import { MFA, useScriptedLogin } from './relogin.test-support.ts'
import type { ScriptedLogin } from './scripted-provider.test-support.ts'

const setup = useScriptedLogin()
const { answer, begin, caller, signIn } = setup

describe('levels above the session at the login provider', () => {
  const reopen = async (
    stepUp: NonNullable<ServiceOptions['issuers'][number]['stepUp']>,
    acrMap: Record<string, 'mfa' | 'phr' | 'phrh'>,
  ) => {
    await setup.reopen({ issuer: { stepUp, acrMap } })
  }

  test('users with MFA there are not made to enrol: it is asked for, and counts as its answer is mapped', async () => {
    const none = await problemOf(startStepUp(setup.world.domain, await caller(), { feature: 'export' }))
    expect(none).toMatchObject({ code: 'enrollment_required' })
    await reopen({ mfa: { acr_values: MFA, parameters: { mfa_hint: 'push' } } }, { [MFA]: 'mfa' })
    const who = await caller()
    const { id, url, stepUp } = await begin(who, 'export')
    const { searchParams } = new URL(url)
    expect([searchParams.get('acr_values'), searchParams.get('mfa_hint')]).toEqual([MFA, 'push'])
    expect(stepUp).toMatchObject({ methods: [{ method: 'relogin', hint: new URL(setup.provider.issuer).host }] })
    const standing = await loadStanding(setup.world.domain, who)
    expect(decideFor(standing, 'export')).toMatchObject({ outcome: 'step_up', next: { methods: ['relogin'] } })
    expect(decideFor(standing, 'approve').outcome).toBe('enroll')
    const done = await answer(who, id, setup.provider.signIn(url, { claims: { acr: MFA, amr: ['pwd', 'otp', 'mfa'] } }))
    expect(done).toMatchObject({ issued: { acr: 'urn:stile:acr:mfa', amr: ['pwd', 'otp', 'mfa'], authTime: TEST_START } })
    expect(await problemOf(startStepUp(setup.world.domain, who, { feature: 'approve' }))).toMatchObject({ code: 'enrollment_required' })
  })

  test.each<[string, ScriptedLogin]>([
    ['nothing of it', {}],
    ['a level that no map knows', { claims: { acr: 'urn:login:better' } }],
    ['a weaker one', { claims: { acr: 'urn:login:password' } }],
    ['only methods that sound like it', { claims: { amr: ['mfa', 'otp', 'hwk'] } }],
    ['it as a list', { claims: { acr: [MFA] } }],
    ['it as a member that every object has', { claims: { acr: 'constructor' } }],
  ])('threat: the provider was asked for a level and says %s', async (_, script) => {
    await reopen({ mfa: { acr_values: MFA } }, { [MFA]: 'mfa' })
    expect(await problemOf(signIn(script, 'export'))).toMatchObject({ code: 'attempt_failed', failure: 'level_too_low', attemptsLeft: 5 })
  })

  test('asks for the next higher level if the one that is needed has no entry of its own, and never for a lower one', async () => {
    await reopen({ phr: { acr_values: 'phr phrh' } }, { phr: 'phr', phrh: 'phrh' })
    const { url } = await begin(await caller(), 'export')
    expect(new URL(url).searchParams.get('acr_values')).toBe('phr phrh')
    const { url: strong } = await begin(await caller(), 'approve')
    expect(new URL(strong).searchParams.get('acr_values')).toBe('phr phrh')
    const { url: weak } = await begin(await caller(), 'recent')
    expect(new URL(weak).searchParams.get('acr_values')).toBeNull()
    await reopen({ mfa: { acr_values: MFA }, phr: { acr_values: 'phr' } }, { [MFA]: 'mfa', phr: 'phr' })
    const asked = async (feature: string) => new URL((await begin(await caller(), feature)).url).searchParams.get('acr_values')
    expect([await asked('export'), await asked('approve')]).toEqual([MFA, 'phr'])
  })
})
