import { expect, test } from 'vitest'
import { type Answer, json, NOW, refuse, setup } from '../wire.test-support.ts'
import { createRecovery } from './recovery.ts'

const RECOVERING = { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] } as const
const ticket = { expiresAt: NOW + 300, methods: ['passkey', 'totp'] }

/** Refuses once for want of a sign-in, then answers. */
function gate(feature: string, then: Answer): Answer {
  let asked = false
  return (arrived) => {
    if (asked) return then(arrived)
    asked = true
    return refuse('insufficient_user_authentication', { feature, requirement: RECOVERING })
  }
}

test('tells how many codes are left', async () => {
  const { stile } = setup({ 'GET /v1/recovery': () => json({ codesLeft: 7, codesMadeAt: NOW }) })
  expect(await createRecovery(stile).status()).toEqual({ codesLeft: 7, codesMadeAt: NOW })
})

test('makes codes once the proof that the service asks for is given', async () => {
  const codes = ['AAAA-BBBB-CCCC-DDDD']
  const { stile, seen } = setup(
    { 'POST /v1/recovery/codes': gate('stile:authenticators', () => json({ codes }, 201)) },
    { relogin: async () => true },
  )
  expect(await createRecovery(stile).makeCodes()).toEqual(codes)
  expect(seen('POST /v1/recovery/codes').map(({ body }) => body)).toEqual([{}, {}])
})

test('a code is redeemed after the sign-in that the service asks for, with the same code again, and then the state is read again', async () => {
  const { stile, seen, why, arrived } = setup(
    { 'POST /v1/recovery': gate('stile:recovery', () => json(ticket, 201)) },
    { relogin: async () => true },
  )
  expect(await createRecovery(stile).redeem({ code: 'aaaa bbbb cccc dddd' })).toEqual(ticket)
  expect(seen('POST /v1/recovery').map(({ body }) => body)).toEqual(Array(2).fill({ code: 'aaaa bbbb cccc dddd' }))
  expect(why).toContain('relogin')
  expect(arrived.at(-1)?.route).toBe('GET /v1/state')
  stile.close()
})

test('if the application lends no sign-in, the step-up is that of recovery', async () => {
  const { stile, seen } = setup({
    'POST /v1/recovery': gate('stile:recovery', () => json(ticket, 201)),
    'POST /v1/step-ups': () => json({ status: 'done', issued: { token: 'x', expiresAt: NOW + 300 } }),
  })
  await createRecovery(stile).redeem({ link: 'token-of-a-link' })
  expect(seen('POST /v1/step-ups')[0]?.body).toMatchObject({ feature: 'stile:recovery' })
  expect(seen('POST /v1/recovery').at(-1)?.body).toEqual({ link: 'token-of-a-link' })
  stile.close()
})

test('a service that asks for a step-up of anything else gets none but that of the authenticators', async () => {
  const { stile, seen } = setup({
    'POST /v1/recovery': gate('payouts.approve', () => json(ticket, 201)),
    'POST /v1/step-ups': () => json({ status: 'done', issued: { token: 'x', expiresAt: NOW + 300 } }),
  })
  await createRecovery(stile).redeem({ code: 'x' })
  expect(seen('POST /v1/step-ups')[0]?.body).toMatchObject({ feature: 'stile:authenticators' })
  stile.close()
})

test.each(['recovery_failed', 'too_many_attempts'] as const)(
  '%s is told by its code, and neither code nor link is in the error',
  async (code) => {
    const { stile } = setup({ 'POST /v1/recovery': () => refuse(code, { retryAfter: 60 }) })
    const failed = await createRecovery(stile)
      .redeem({ code: 'WRON-GCOD-EWRO-NGCO' })
      .catch((error) => error)
    expect(failed).toMatchObject({ code, problem: { retryAfter: 60 } })
    expect(`${JSON.stringify(failed)}${failed.message}${failed.stack}`).not.toContain('WRON')
  },
)
