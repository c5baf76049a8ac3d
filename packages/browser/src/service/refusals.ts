// What reads an answer that refuses. It is loaded with the first of them: a page on which all goes well needs none of it.
import { StileError } from '../base.ts'
import type { Clock } from '../lib/clock.ts'
import type { Session } from '../session/session.ts'
import type { Challenged } from './exchange.ts'
import { problemOf } from './problem.ts'

export { findChallenge } from '@stile/protocol/challenge'

/** What a call to the service is made with. */
type CallMeans = Readonly<{ session: Pick<Session, 'expire'>; clock: Pick<Clock, 'setServiceNow'> }>

/** Does what a challenge of the service asks for: another session token, or the service's time. Whether it did. */
export function cureCall({ challenge, token, response }: Challenged, { session, clock }: CallMeans): boolean {
  switch (challenge.error) {
    case 'invalid_token':
      session.expire(token)
      return true
    // this browser's clock may have been set
    case 'invalid_dpop_proof': {
      const date = Date.parse(response.headers.get('date') ?? '') / 1000
      if (date) clock.setServiceNow(date)
      return !!date
    }
    default:
      return false
  }
}

/** The error that an answer of the service stands for. */
export async function errorOf(response: Response): Promise<StileError> {
  const problem = await problemOf(response)
  if (problem) return new StileError(problem.code, problem)
  return new StileError(response.status === 404 ? 'not_found' : 'service_unavailable', undefined, foreign(response))
}

/** The error for an answer that is no answer of the service. */
export function unreadable(response: Response): StileError {
  return new StileError('service_unavailable', undefined, foreign(response))
}

/** What answered instead of the service: for the developer, who may have named another URL. */
function foreign({ url, status, headers }: Response): Error {
  return new Error(`${url.split('?')[0]} answered ${status} ${headers.get('content-type')}`)
}
