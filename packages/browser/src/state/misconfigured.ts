import type { StileCode } from '../base.ts'

/** What the service says of a page that it does not expect, or that is not meant for it: nothing that whoever uses the page does helps. */
const CODES: ReadonlySet<StileCode> = new Set([
  'insufficient_scope',
  'invalid_dpop_proof',
  'invalid_request',
  'invalid_token',
  'method_not_allowed',
  'not_found',
  'origin_not_allowed',
  'payload_too_large',
  'unauthenticated',
  'unsupported_media_type',
])

/** Whether an error means that page and service are set up for each other wrongly. */
export function isMisconfigured(code: StileCode): boolean {
  return CODES.has(code)
}
