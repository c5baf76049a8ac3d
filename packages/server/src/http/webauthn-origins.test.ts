import { afterEach, expect, test } from 'vitest'
import { ORIGIN, startTestService, type TestService } from './service.test-support.ts'

let service: TestService | undefined
afterEach(() => service?.close())

test.each([
  [undefined, []],
  [['https://app.example.org'], ['https://app.example.org']],
])('browsers are told which other origins may use the passkeys: %j', async (relatedOrigins, origins) => {
  const webauthn = { rpId: 'example.com', rpName: 'Example', origins: [ORIGIN], ...(relatedOrigins && { relatedOrigins }) }
  service = await startTestService({ options: { webauthn } })
  const response = await fetch(`${service.url}/.well-known/webauthn`)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  expect(await response.json()).toEqual({ origins })
})
