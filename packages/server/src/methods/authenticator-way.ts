import { canMeet } from '@stile/policy'
import type { Method, Requirement } from '@stile/protocol'
import { enrolledAs, type Standing } from '../standing/standing.ts'
import type { Way } from './method.ts'

/** The way of a method by what is enrolled for it and can meet a requirement; `undefined` where nothing is. */
export function wayByAuthenticator(method: Method, standing: Standing, requirement: Requirement): Way | undefined {
  const authenticators = standing.authenticators.filter(
    (record) => record.data.method === method && !record.disabled && canMeet(requirement, enrolledAs(record)),
  )
  return authenticators.length > 0 ? { method, authenticators } : undefined
}
