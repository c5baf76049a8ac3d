import type { Requirement, State } from '@stile/protocol'
import { describe, expect, test, vi } from 'vitest'
import { StepUpCancelled, StileError } from '../error.ts'
import { type Answer, json, jwt, NOW, openStepUp, refuse, setup, state, until } from '../wire.test-support.ts'
import { type EnrollmentClient, gated } from './gated.ts'

const RELOGIN: Requirement = { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] }
const MAIL: Requirement = { level: 'session', maxAgeSeconds: 300, methods: ['email-otp'] }
const STRONG: Requirement = { level: 'phr', maxAgeSeconds: 300 }

/** A service that asks for these, one after the other, then answers. */
function service(...asks: readonly Requirement[]) {
  const left = [...asks]
  return vi.fn(async () => {
    const requirement = left.shift()
    if (!requirement) return 'done'
    const problem = { type: '', title: '', status: 401, code: 'insufficient_user_authentication', detail: '', requirement } as const
    throw new StileError('insufficient_user_authentication', problem)
  })
}

/** A client, and what was given. */
function client(signsIn?: boolean) {
  const given: string[] = []
  const stile: EnrollmentClient = {
    get: () => ({ status: 'loading' }),
    request: async () => undefined,
    refresh: async () => {},
    asksPassword: false,
    relogin: async () => {
      if (signsIn !== undefined) given.push('relogin')
      return signsIn
    },
    stepUp: ((feature: string) => {
      given.push(feature)
      return { done: Promise.resolve() }
    }) as never,
  }
  return { stile, given }
}

test('a sign-in, then a code by mail: each is given when it is asked for', async () => {
  const { stile, given } = client(true)
  expect(await gated(stile, service(RELOGIN, MAIL))).toBe('done')
  expect(given).toEqual(['relogin', 'stile:authenticators'])
})

test('if the application lends no sign-in, a step-up leads to the login provider', async () => {
  const { stile, given } = client()
  expect(await gated(stile, service(RELOGIN))).toBe('done')
  expect(given).toEqual(['stile:authenticators'])
})

test('if more than the session is asked of a sign-in, the login provider is asked, whatever sign-in the application lends', async () => {
  const { stile, given } = client(true)
  expect(await gated(stile, service({ ...RELOGIN, level: 'mfa' }))).toBe('done')
  expect(given).toEqual(['stile:authenticators'])
})

test('a service that asks for the same again is not obeyed for ever: what it did not take it will not take', async () => {
  const { stile, given } = client(true)
  const call = service(STRONG, STRONG, STRONG)
  await expect(gated(stile, call)).rejects.toMatchObject({ code: 'insufficient_user_authentication' })
  expect(given).toEqual(['stile:authenticators'])
  expect(call).toHaveBeenCalledTimes(2)
})

test('nor one that asks for something else each time: three proofs are the most', async () => {
  const { stile, given } = client(true)
  const call = service(RELOGIN, MAIL, RELOGIN, MAIL, RELOGIN)
  await expect(gated(stile, call)).rejects.toMatchObject({ problem: { requirement: MAIL } })
  expect(given).toEqual(['relogin', 'stile:authenticators', 'relogin'])
  expect(call).toHaveBeenCalledTimes(4)
})

test('a sign-in that was refused ends it, and no step-up stands in for it', async () => {
  const { stile, given } = client(false)
  await expect(gated(stile, service(RELOGIN))).rejects.toMatchObject({ code: 'relogin_failed' })
  expect(given).toEqual(['relogin'])
})

test('a step-up that was cancelled ends it', async () => {
  const stepUp = (() => ({ done: Promise.reject(new StepUpCancelled('step_up_cancelled')) })) as never
  const stile: EnrollmentClient = { ...client().stile, stepUp }
  const call = service(MAIL)
  await expect(gated(stile, call)).rejects.toMatchObject({ code: 'step_up_cancelled' })
  expect(call).toHaveBeenCalledTimes(1)
})

test('a denial is told as it came', async () => {
  const { stile, given } = client(true)
  const call = () => Promise.reject(new StileError('denied'))
  await expect(gated(stile, call)).rejects.toMatchObject({ code: 'denied' })
  expect(given).toEqual([])
})

test('over the wire: sign in, type the code from the mail, and the call goes through', async () => {
  const asks: (Requirement | undefined)[] = [RELOGIN, MAIL]
  const answer: Answer = () => {
    const requirement = asks.shift()
    return requirement
      ? refuse('insufficient_user_authentication', { feature: 'stile:authenticators', requirement })
      : json({ id: 'reg_1' })
  }
  const start = { sentTo: 'a***@example.com', resendAt: 0, expiresAt: 0 }
  const { stile, why, seen } = setup(
    {
      'POST /v1/authenticators/registrations': answer,
      'POST /v1/step-ups': () => json(openStepUp({ methods: [{ method: 'email-otp', start }] })),
    },
    { relogin: async () => true },
  )
  stile.onStepUp(async (flow) => {
    await until(() => flow.get().status === 'proving')
    await flow.submit({ code: '123456' })
  })
  expect(await gated(stile, () => stile.request('POST', '/v1/authenticators/registrations', {}))).toEqual({ id: 'reg_1' })
  expect(why).toContain('relogin')
  expect(seen('POST /v1/step-ups')[0]?.body).toMatchObject({ feature: 'stile:authenticators' })
  stile.close()
})

describe('threat: somebody else signs in when Ada is asked to, and what she began is done for them', () => {
  const REGISTER = 'POST /v1/authenticators/registrations'
  const ask = () => refuse('insufficient_user_authentication', { requirement: RELOGIN })

  /** A service that asks for a sign-in once, and an application whose sign-in changes what the state says. */
  function household(change: Partial<State>) {
    const known = { revision: 1, subject: 'demo|ada', account: 'acme' }
    let asked = 0
    return setup(
      {
        'GET /v1/state': () => json(state(known)),
        [REGISTER]: () => (asked++ === 0 ? ask() : json({ id: 'reg_1' })),
      },
      {
        relogin: async () => {
          Object.assign(known, change, { revision: known.revision + 1 })
          return true
        },
        session: async () => jwt({ iat: NOW, exp: NOW + 300, iss: 'demo', sub: known.subject, sid: known.subject }),
      },
    )
  }

  test.each([
    ['another subject', { subject: 'demo|bob' }],
    ['another account', { account: 'other' }],
    ['somebody who acts for the subject', { actor: 'demo|grace' }],
  ])('refuses to repeat the call for %s', async (_, change) => {
    const { stile, seen } = household(change)
    await stile.refresh()
    const called = gated(stile, () => stile.request('POST', '/v1/authenticators/registrations', {}))
    await expect(called).rejects.toMatchObject({ code: 'session_ended' })
    expect(seen(REGISTER)).toHaveLength(1)
  })

  test('refuses it too if the page has not asked for the state before', async () => {
    const { stile, seen } = household({ subject: 'demo|bob' })
    const called = gated(stile, () => stile.request('POST', '/v1/authenticators/registrations', {}))
    await expect(called).rejects.toMatchObject({ code: 'session_ended' })
    expect(seen(REGISTER)).toHaveLength(1)
  })

  test('repeats the call if the same person signed in', async () => {
    const { stile } = household({})
    expect(await gated(stile, () => stile.request('POST', '/v1/authenticators/registrations', {}))).toEqual({ id: 'reg_1' })
  })
})
