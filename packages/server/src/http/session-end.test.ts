import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { totpCode } from './client.test-support.ts'
import { startTestService, type TestService } from './service.test-support.ts'

/** An issuer whose session tokens live for an hour and name no session. */
describe('signing out if session tokens name no session', () => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService()
  })
  afterAll(() => service.close())

  test('the same browser gets in with its next login, with nothing that was proven before, and an older token does not', async () => {
    const firstLogin = service.now()
    let token = ''
    const browser = service.client(() => token)
    const cnf = { jkt: browser.jkt }
    token = service.mint({ sid: undefined, exp: firstLogin + 3600, cnf })
    const registration = await browser.request('POST', '/v1/authenticators/registrations', { body: { method: 'totp' } })
    const { id, start } = registration.body as unknown as { id: string; start: { secret: string } }
    const code = totpCode(start.secret, service.now())
    expect((await browser.request('POST', `/v1/authenticators/registrations/${id}`, { body: { response: { code } } })).status).toBe(201)
    const provenEnough = async () => {
      const answer = await browser.request('POST', '/v1/step-ups', { body: { feature: 'stile:authenticators' } })
      return answer.body.status
    }
    expect(await provenEnough(), 'the enrolment was a proof').toBe('done')

    const old = token
    service.advance(60)
    expect((await browser.request('DELETE', '/v1/session')).status).toBe(204)
    expect(await browser.request('GET', '/v1/state')).toMatchObject({ status: 401, body: { code: 'session_ended' } })
    // the issuer renews the token of the old login
    token = service.mint({ sid: undefined, auth_time: firstLogin, exp: service.now() + 3600, cnf })
    expect(await browser.request('GET', '/v1/state')).toMatchObject({ status: 401, body: { code: 'session_ended' } })

    service.advance(60)
    token = service.mint({ sid: undefined, exp: service.now() + 3600, cnf })
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    expect(await provenEnough(), 'what was proven before the end does not count').toBe('open')
    token = old
    expect(await browser.request('GET', '/v1/state')).toMatchObject({ status: 401, body: { code: 'session_ended' } })
  })

  test('a browser that signs in again holds an event stream, which ends when it signs out once more', async () => {
    const claims = { sid: undefined, sub: 'bob' }
    const browser = service.client(claims)
    await browser.request('GET', '/v1/state')
    expect((await browser.request('DELETE', '/v1/session')).status).toBe(204)
    service.advance(5)
    const events = await browser.events()
    expect((await events.nextNamed('state')).data).toMatchObject({ subject: 'main|bob' })
    service.advance(5)
    expect((await browser.request('DELETE', '/v1/session')).status).toBe(204)
    expect((await events.nextNamed('end')).data).toEqual({ code: 'session_ended' })
  })
})
