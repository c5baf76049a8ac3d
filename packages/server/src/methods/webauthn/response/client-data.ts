import { check, Refusal } from '../refusal.ts'

/** What the client data of a ceremony must say. */
export type ExpectedClientData = Readonly<{
  type: 'webauthn.get' | 'webauthn.create'
  /** base64url */
  challenge: string
  origins: readonly string[]
}>

/**
 * Checks the client data of a ceremony (WebAuthn L3 §7.2 steps 8 to 14, §7.1 steps 5 to 11: the same in both).
 *
 * Frames of other origins are refused altogether: anybody who frames the page could dress up the ceremony as something else.
 */
export function checkClientData(clientDataJSON: Uint8Array, expected: ExpectedClientData): void {
  const client = parse(clientDataJSON)
  // §7.2 step 10, §7.1 step 7
  check(client.type === expected.type, 'response_malformed')
  // §7.2 step 11, §7.1 step 8
  check(client.challenge === expected.challenge, 'challenge_used')
  // §7.2 step 12, §7.1 step 9: exact, no pattern and no suffix
  check(typeof client.origin === 'string' && expected.origins.includes(client.origin), 'origin_mismatch')
  // §7.2 step 13, §7.1 step 10: anything but absent or false counts as true
  check(client.crossOrigin === undefined || client.crossOrigin === false, 'cross_origin')
  // §7.2 step 14, §7.1 step 11
  check(client.topOrigin === undefined, 'cross_origin')
}

/** §7.2 steps 8 and 9, §7.1 steps 5 and 6. */
function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Refusal('response_malformed')
  }
  check(typeof value === 'object' && value !== null && !Array.isArray(value), 'response_malformed')
  return value as Readonly<Record<string, unknown>>
}
