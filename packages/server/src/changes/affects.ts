import type { Caller } from '../sessions/caller.ts'
import type { Change } from '../stores/store.ts'

/** What a change means for one caller: the end of the session, another state, or nothing. */
export function affects(change: Change, caller: Pick<Caller, 'subject' | 'account' | 'sid'>): 'end' | 'state' | 'nothing' {
  switch (change.type) {
    case 'policy':
      return 'state'
    case 'keys':
      return 'nothing'
    case 'license':
      return change.account === caller.account ? 'state' : 'nothing'
    case 'authenticators':
      return change.subject === caller.subject ? 'state' : 'nothing'
    case 'proofs':
      return change.subject === caller.subject && change.sid === caller.sid ? 'state' : 'nothing'
    case 'revoked': {
      if (change.account !== undefined && change.account !== caller.account) return 'nothing'
      if (change.subject !== undefined && change.subject !== caller.subject) return 'nothing'
      if (change.sid !== undefined && change.sid !== caller.sid) return 'nothing'
      return change.sid === undefined ? 'state' : 'end'
    }
  }
}
