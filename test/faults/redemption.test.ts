import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { begin, changeWithCode, enrollPasskey, enrollTotp } from '../support/ceremonies.ts'
import type { Answer, NodeClient } from '../support/node-client.ts'
import { type Stack, startStack, WEB_ORIGIN } from '../support/stack.ts'
import { codeAt } from '../support/totp.ts'

/** Rounds of each method. A long run: `pnpm test races`. */
const ROUNDS = Number(process.env.ROUNDS ?? 12)
/** How often each answer is sent at the same moment. */
const AT_ONCE = 16
const LONG = LIMITS.test + ROUNDS * 10_000

let stack: Stack
/** The newest code that was sent by mail. */
let mailed = ''
beforeAll(async () => {
  stack = await startStack({
    service: {
      deliver: async ({ text }: { text: string }) => {
        mailed = /\b\d{6}\b/.exec(text)?.[0] ?? mailed
      },
    } as never,
  })
  await stack.license('acme', { tier: 'enterprise', state: 'active' })
})
afterAll(() => stack.close())

const atOnce = (send: () => Promise<Answer>) => Promise.all(Array.from({ length: AT_ONCE }, send))
const attempts = (person: NodeClient, id: string, method: string, response: unknown) =>
  atOnce(() => person.service('POST', `/v1/step-ups/${id}/attempts`, { method, response }))

/** Of all the answers exactly one won, none failed through a fault of ours, and none was counted as a guess. */
function expectOneWinner(answers: readonly Answer[], round: number, wins: (answer: Answer) => boolean): void {
  const told = JSON.stringify(answers.map(({ status, body }) => [status, body.failure ?? body.code]))
  expect(answers.filter(wins), `round ${round}: ${told}`).toHaveLength(1)
  expect(
    answers.filter(({ status }) => status === 429 || status >= 500),
    `round ${round}: ${told}`,
  ).toEqual([])
}
const gaveToken = ({ text }: Answer) => text.includes('"issued"')

test(`a passkey's answer sent ${AT_ONCE} times at once wins once, ${ROUNDS} times over`, { timeout: LONG }, async () => {
  const emulator = new WebAuthnEmulator()
  const person = await stack.person({ sub: 'passkey', account: 'acme' })
  await enrollPasskey(person, emulator)
  for (let round = 1; round <= ROUNDS; round++) {
    stack.clock.advance(3 * 60)
    const { id, methods } = await begin(person, 'payouts.approve')
    const start = methods.find(({ method }) => method === 'passkey')?.start as Parameters<typeof emulator.getJSON>[1]
    expectOneWinner(await attempts(person, id, 'passkey', emulator.getJSON(WEB_ORIGIN, start)), round, gaveToken)
  }
})

test(`a code of an app sent ${AT_ONCE} times at once wins once, ${ROUNDS} times over`, { timeout: LONG }, async () => {
  const person = await stack.person({ sub: 'totp', account: 'acme' })
  const secret = await enrollTotp(person, stack.clock.now())
  for (let round = 1; round <= ROUNDS; round++) {
    stack.clock.advance(16 * 60)
    const { id } = await begin(person, 'reports.export')
    expectOneWinner(await attempts(person, id, 'totp', { code: codeAt(secret, stack.clock.now()) }), round, gaveToken)
  }
})

test(`a code by mail sent ${AT_ONCE} times at once wins once, ${ROUNDS} times over`, { timeout: LONG }, async () => {
  for (let round = 1; round <= ROUNDS; round++) {
    // somebody else each time: one subject gets only so many mails
    const signedInAt = stack.clock.now() - 3600
    const person = await stack.person({ sub: `mail-${round}`, account: 'acme', email: `mail-${round}@acme.example`, signedInAt })
    const { id } = await begin(person, 'contact.change')
    expect((await person.service('POST', `/v1/step-ups/${id}/methods/email-otp`, {})).status).toBe(200)
    expectOneWinner(await attempts(person, id, 'email-otp', { code: mailed }), round, gaveToken)
  }
})

test(`a recovery code sent ${AT_ONCE} times at once wins once, ${ROUNDS} times over`, { timeout: LONG }, async () => {
  const person = await stack.person({ sub: 'recovery', account: 'acme' })
  const secret = await enrollTotp(person, stack.clock.now())
  let codes: string[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    stack.clock.advance(25 * 3600)
    if (codes.length === 0) {
      const made = await changeWithCode(person, '/v1/recovery/codes', {}, codeAt(secret, stack.clock.now()))
      expect(made.status, made.text).toBe(201)
      codes = [...(made.body as { codes: string[] }).codes]
    }
    const code = codes.pop()
    const answers = await atOnce(() => person.service('POST', '/v1/recovery', { code }))
    expectOneWinner(answers, round, ({ status }) => status === 201)
  }
})
