import { StileError } from '../../error.ts'
import type { MethodRoom } from '../room.ts'

/** Signing in again: the application's own login, after which the session token says so. */
export const reloginRoom: MethodRoom = {
  method: 'relogin',
  isServed: () => true,
  isEnrollable: false,
  isGuessable: false,

  // a login proves no more than the session, and never an operation
  way(_, __, { level, methods, bind }) {
    const can = level === 'session' && methods?.includes('relogin') !== false && (bind === undefined || bind.length === 0)
    return can ? { method: 'relogin', authenticators: [] } : undefined
  },

  async prove() {
    throw new StileError('method_unavailable', 'Sign in again, then begin this step-up anew: a fresh login is its own proof.')
  },
}
