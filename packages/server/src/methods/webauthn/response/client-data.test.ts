import { expect, test } from 'vitest'
import { checkClientData } from './client-data.ts'

const expected = { type: 'webauthn.get', challenge: 'abc', origins: ['https://app.example'] } as const
const right = { type: 'webauthn.get', challenge: 'abc', origin: 'https://app.example' }
const check = (client: object) => () => checkClientData(new TextEncoder().encode(JSON.stringify(client)), expected)

test.each([{}, { crossOrigin: false }, { other: 'members are ignored' }])(
  'client data with %j beside what it must say is right',
  (more) => {
    expect(check({ ...right, ...more })).not.toThrow()
  },
)

test.each([
  [{ type: 'webauthn.create' }, 'response_malformed'],
  [{ type: undefined }, 'response_malformed'],
  [{ challenge: 'abd' }, 'challenge_used'],
  [{ challenge: ['abc'] }, 'challenge_used'],
  [{ origin: 'https://app.example/' }, 'origin_mismatch'],
  [{ origin: 'https://APP.example' }, 'origin_mismatch'],
  [{ origin: ['https://app.example'] }, 'origin_mismatch'],
  [{ crossOrigin: true }, 'cross_origin'],
  [{ crossOrigin: null }, 'cross_origin'],
  [{ topOrigin: 'https://app.example' }, 'cross_origin'],
])('client data with %j is refused: %s', (change, failure) => {
  expect(check({ ...right, ...change })).toThrow(failure)
})

test('bytes that are no UTF-8 are refused', () => {
  expect(() => checkClientData(Uint8Array.of(0x7b, 0xff, 0x7d), expected)).toThrow('response_malformed')
})
