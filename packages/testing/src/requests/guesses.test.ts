import type { StepUp } from '@stile/protocol'
import { expect, test } from 'vitest'
import { call, NOW, policy } from '../example.test-support.ts'
import { createTestService, type TestService } from '../service.ts'
import { createClock } from '../world/clock.ts'
import { authenticatorOf, licenseOf, type World } from '../world/world.ts'

const MEMBER = { license: licenseOf('pro'), authenticators: [authenticatorOf('totp')] }

function open(given: Partial<World> = {}): TestService {
  return createTestService({ policy, clock: createClock(NOW), given: { ...MEMBER, ...given } })
}

async function guesser(service: TestService) {
  const { id } = (await call(service, 'POST', '/v1/step-ups', { feature: 'reports.export' })).body as StepUp
  return (code: string) => call(service, 'POST', `/v1/step-ups/${id}/attempts`, { method: 'totp', response: { code } })
}

test('threat: codes are guessed until one is right: a step-up forgives five, the subject ten in fifteen minutes', async () => {
  const service = open()
  const first = await guesser(service)
  for (const attemptsLeft of [4, 3, 2, 1, 0]) expect(await first('000000')).toMatchObject({ status: 422, body: { attemptsLeft } })
  expect(await first('123456')).toMatchObject({ status: 429, body: { code: 'too_many_attempts', retryAfter: 1 } })
  const second = await guesser(service)
  for (const attemptsLeft of [4, 3, 2, 1, 0]) expect(await second('000000')).toMatchObject({ status: 422, body: { attemptsLeft } })
  expect(await (await guesser(service))('123456')).toMatchObject({ status: 429, body: { attemptsLeft: 0, retryAfter: 900 } })
  expect(service.world().proofs).toEqual([])
  service.advance(900)
  expect(await (await guesser(service))('123456')).toMatchObject({ status: 200 })
})

test('threat: a code of the authenticator app is used twice: it counts once in its 30 seconds, and using it again is no guess', async () => {
  const service = open()
  expect(await (await guesser(service))('123456')).toMatchObject({ status: 200 })
  service.given({ proofs: [] })
  const again = await guesser(service)
  expect(await again('123456')).toMatchObject({ status: 422, body: { failure: 'code_used', attemptsLeft: 5 } })
  service.advance(30)
  expect(await again('123456')).toMatchObject({ status: 200 })
})

test('a hundred wrong codes in a row disable the authenticator app', async () => {
  const service = open({ attempts: 1000, guesses: 1000 })
  const guess = await guesser(service)
  for (let wrong = 0; wrong < 100; wrong++) await guess('000000')
  expect(service.world().authenticators).toMatchObject([{ disabled: true }])
  expect(await call(service, 'POST', '/v1/step-ups', { feature: 'reports.export' })).toMatchObject({
    body: { code: 'enrollment_required' },
  })
})
