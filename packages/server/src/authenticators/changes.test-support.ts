import { AUTHENTICATORS_FEATURE, type Operation } from '@stile/protocol'
import { expect } from 'vitest'
import { softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import { makeRecoveryCodes } from '../recovery/make-codes.ts'
import type { Caller } from '../sessions/caller.ts'
import { attempt, startStepUp } from '../step-ups/index.ts'
import { challengeOf, type Passkey, problemOf, type World } from '../step-ups/world.test-support.ts'
import { listAuthenticators, removeAuthenticator, startRegistration } from './index.ts'

/** How a change is answered that has no proof of its own yet. */
export const ask = 'insufficient_user_authentication'

/** Somebody who has a passkey and makes changes with it. */
type Owner = Readonly<{ world: World; alice: Caller; passkey: Passkey }>

/** The changes of the owner of a test, and their proofs. */
export function changesOf(owner: () => Owner) {
  const open = (operation?: unknown, by = owner().alice) =>
    startStepUp(owner().world.domain, by, { feature: AUTHENTICATORS_FEATURE, operation })
  return {
    add: (method = 'totp', by = owner().alice) => startRegistration(owner().world.domain, by, { method }),
    remove: (id: string, by = owner().alice) => removeAuthenticator(owner().world.domain, by, id),
    codes: (by = owner().alice) => makeRecoveryCodes(owner().world.domain, by),
    /** Begins a change: its operation. */
    async begun(change: Promise<unknown>): Promise<Operation> {
      const problem = await problemOf(change)
      expect(problem).toMatchObject({ code: ask, feature: AUTHENTICATORS_FEATURE })
      return problem.operation as Operation
    },
    open,
    /** Gives the proof of a change with the passkey. */
    async prove(operation: unknown, by = owner().alice) {
      const stepUp = await open(operation, by)
      const response = owner().passkey.assert(challengeOf(stepUp))
      return attempt(owner().world.domain, by, stepUp.id, { method: 'passkey', response })
    },
    count: async () => (await listAuthenticators(owner().world.domain, owner().alice)).authenticators.length,
  }
}

/** A new passkey's answer to the start of an enrolment. */
export function answerTo(start: unknown) {
  return softAuthenticator().register((start as { challenge: string }).challenge)
}
