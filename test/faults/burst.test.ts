import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { begin, enrollPasskey, enrollTotp, stepUpWithPasskey } from '../support/ceremonies.ts'
import type { Answer } from '../support/node-client.ts'
import { type Stack, startStack, WEB_ORIGIN } from '../support/stack.ts'
import { codeAt, wrongCodes } from '../support/totp.ts'

const BURST = 50

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
  await stack.license('acme', { tier: 'enterprise', state: 'active' })
})
afterAll(() => stack.close())

const answer = (code: string) => ({ method: 'totp', response: { code } })
const won = (answers: readonly Answer[]) => answers.filter(({ text }) => text.includes('"issued"'))
const counted = (answers: readonly Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { status, body } of answers) {
    const key = String(body.failure ?? body.code ?? status)
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

test('fifty redemptions of one code in one step-up at the same moment give exactly one token', async () => {
  const alice = await stack.person({ sub: 'alice', account: 'acme' })
  const secret = await enrollTotp(alice, stack.clock.now())
  stack.clock.advance(16 * 60)
  const { id } = await begin(alice, 'reports.export')
  const code = codeAt(secret, stack.clock.now())
  const answers = await Promise.all(Array.from({ length: BURST }, () => alice.service('POST', `/v1/step-ups/${id}/attempts`, answer(code))))
  expect(won(answers), JSON.stringify(counted(answers))).toHaveLength(1)
  expect(answers.filter(({ status }) => status >= 500)).toEqual([])
})

test('two different right answers to one step-up at the same moment give exactly one token', async () => {
  const emulator = new WebAuthnEmulator()
  const erin = await stack.person({ sub: 'erin', account: 'acme' })
  const secret = await enrollTotp(erin, stack.clock.now())
  await enrollPasskey(erin, emulator, codeAt(secret, stack.clock.now() + 30))
  stack.clock.advance(16 * 60)
  const { id, methods } = await begin(erin, 'reports.export')
  const start = methods.find(({ method }) => method === 'passkey')?.start as Parameters<typeof emulator.getJSON>[1]
  const passkey = { method: 'passkey', response: emulator.getJSON(WEB_ORIGIN, start) }
  const code = answer(codeAt(secret, stack.clock.now()))
  const answers = await Promise.all(
    Array.from({ length: BURST }, (_, at) => erin.service('POST', `/v1/step-ups/${id}/attempts`, at % 2 === 0 ? passkey : code)),
  )
  expect(won(answers), JSON.stringify(counted(answers))).toHaveLength(1)
  expect(answers.filter(({ status }) => status >= 500)).toEqual([])
})

test('fifty redemptions of one code in ten step-ups on two devices at the same moment give exactly one token', async () => {
  const bob = await stack.person({ sub: 'bob', account: 'acme' })
  const secret = await enrollTotp(bob, stack.clock.now())
  stack.clock.advance(16 * 60)
  const other = await stack.person({ sub: 'bob', account: 'acme', sid: 'sid-elsewhere' })
  const devices = [bob, other]
  const opened = await Promise.all(
    Array.from({ length: 10 }, async (_, at) => {
      const device = devices[at % 2] ?? bob
      return { device, id: (await begin(device, 'reports.export')).id }
    }),
  )
  const code = codeAt(secret, stack.clock.now())
  const answers = await Promise.all(
    opened.flatMap(({ device, id }) =>
      Array.from({ length: BURST / 10 }, () => device.service('POST', `/v1/step-ups/${id}/attempts`, answer(code))),
    ),
  )
  expect(answers).toHaveLength(BURST)
  expect(won(answers), JSON.stringify(counted(answers))).toHaveLength(1)
  expect(answers.filter(({ status }) => status >= 500)).toEqual([])
})

test('fifty wrong guesses in one step-up at the same moment get no more than its budget, and the right code comes too late', async () => {
  const carol = await stack.person({ sub: 'carol', account: 'acme' })
  const secret = await enrollTotp(carol, stack.clock.now())
  stack.clock.advance(16 * 60)
  const { id } = await begin(carol, 'reports.export')
  const guesses = wrongCodes({ secret, seconds: stack.clock.now(), count: BURST })
  const answers = await Promise.all(guesses.map((code) => carol.service('POST', `/v1/step-ups/${id}/attempts`, answer(code))))
  expect(counted(answers)).toEqual({ wrong_code: 5, too_many_attempts: 45 })
  for (const { headers } of answers.filter(({ status }) => status === 429)) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  const late = await carol.service('POST', `/v1/step-ups/${id}/attempts`, answer(codeAt(secret, stack.clock.now())))
  expect(late).toMatchObject({ status: 429, body: { code: 'too_many_attempts', attemptsLeft: 0 } })
})

test('fifty wrong guesses spread over step-ups, sessions and devices get no more than the budget of the subject, and a passkey still works', async () => {
  const emulator = new WebAuthnEmulator()
  const dave = await stack.person({ sub: 'dave', account: 'acme' })
  const secret = await enrollTotp(dave, stack.clock.now())
  await enrollPasskey(dave, emulator, codeAt(secret, stack.clock.now() + 30))
  stack.clock.advance(16 * 60)
  const devices = await Promise.all(Array.from({ length: 10 }, (_, at) => stack.person({ sub: 'dave', account: 'acme', sid: `sid-${at}` })))
  const guesses = wrongCodes({ secret, seconds: stack.clock.now(), count: BURST })
  const answers = await Promise.all(
    devices.map(async (device, at) => {
      const { id } = await begin(device, 'reports.export')
      return Promise.all(
        guesses.slice(at * 5, at * 5 + 5).map((code) => device.service('POST', `/v1/step-ups/${id}/attempts`, answer(code))),
      )
    }),
  )
  expect(counted(answers.flat())).toEqual({ wrong_code: 10, too_many_attempts: 40 })
  const right = await begin(dave, 'reports.export')
  const code = codeAt(secret, stack.clock.now())
  expect(await dave.service('POST', `/v1/step-ups/${right.id}/attempts`, answer(code))).toMatchObject({ status: 429 })
  expect(await stepUpWithPasskey(dave, 'payouts.approve', emulator), 'nobody is locked out').toMatch(/^eyJ/)
})
