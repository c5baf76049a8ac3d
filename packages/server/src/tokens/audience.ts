import { shownName } from '@stile/protocol/node'
import { StileError } from '../error.ts'
import type { AudienceOptions } from '../options/options.ts'
import type { Caller } from '../sessions/caller.ts'
import type { Domain } from './domain.ts'

/**
 * The id of the audience that a caller asks for, or of the first one that they may ask for.
 *
 * @throws {StileError} `invalid_request` if there is none of this name, `denied` if it is not for this issuer or client
 */
export function audienceFor(domain: Domain, caller: Pick<Caller, 'issuer' | 'client'>, audience?: string): string {
  return audienceOptionsFor(domain, caller, audience).id
}

/** As {@link audienceFor}, with everything that is configured for it. */
export function audienceOptionsFor(domain: Domain, caller: Pick<Caller, 'issuer' | 'client'>, audience?: string): AudienceOptions {
  const { audiences } = domain.options
  const allowed = audiences.filter(({ issuers, clients }) => issuers.includes(caller.issuer) && clients.includes(caller.client))
  const found = audience === undefined ? allowed[0] : allowed.find(({ id }) => id === audience)
  if (found !== undefined) return found
  if (audience === undefined || audiences.some(({ id }) => id === audience))
    throw new StileError('denied', 'This client and login may not ask for tokens for this audience. Add them to it in the configuration.')
  const detail = `The service has no audience of this name. Asked for: ${shownName(audience)}. Ask for one of audiences[].id of the service, or add this one to them.`
  // what was asked for stands in the answer alone: anybody can write anything there
  throw new StileError('invalid_request', detail, {}, { log: { audiences: audiences.map(({ id }) => id) } })
}
