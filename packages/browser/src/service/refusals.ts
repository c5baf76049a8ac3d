// What reads an answer that refuses. It is loaded with the first of them: a page on which all goes well needs none of it.
import { StileError } from '../base.ts'
import { problemOf } from './problem.ts'

export { findChallenge } from '@stile/protocol/challenge'

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
