import { describe } from 'vitest'
import { attemptsContract } from './contract/attempts.test-support.ts'
import { authenticatorsContract } from './contract/authenticators.test-support.ts'
import { belongingsContract } from './contract/belongings.test-support.ts'
import { crowdContract } from './contract/crowd.test-support.ts'
import { devicesContract } from './contract/devices.test-support.ts'
import { endOfAllContract } from './contract/end-of-all.test-support.ts'
import { endOfNamedContract } from './contract/end-of-named.test-support.ts'
import { endOfUnnamedContract } from './contract/end-of-unnamed.test-support.ts'
import { fastClocksContract } from './contract/fast-clocks.test-support.ts'
import { useStore } from './contract/fixtures.test-support.ts'
import { forgottenDevicesContract } from './contract/forgotten-devices.test-support.ts'
import { guessesContract } from './contract/guesses.test-support.ts'
import { keysContract } from './contract/keys.test-support.ts'
import { licensesContract } from './contract/licenses.test-support.ts'
import { loginsContract } from './contract/logins.test-support.ts'
import { mailContract } from './contract/mail.test-support.ts'
import { openSessionsContract } from './contract/open-sessions.test-support.ts'
import { operationsContract } from './contract/operations.test-support.ts'
import { recoveryContract } from './contract/recovery.test-support.ts'
import { reopeningContract } from './contract/reopening.test-support.ts'
import { sealedContract } from './contract/sealed.test-support.ts'
import { sessionsContract } from './contract/sessions.test-support.ts'
import { sharedContract } from './contract/shared.test-support.ts'
import { signOutContract } from './contract/sign-out.test-support.ts'
import { singleUseContract } from './contract/step-ups.test-support.ts'
import { sweepContract } from './contract/sweep.test-support.ts'
import type { Store } from './store.ts'

/**
 * What every driver must do: each verb, a burst of callers per atomic verb, and changes exactly where something was written.
 *
 * @param open  opens a fresh, empty store; the suite closes it
 */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`${name} as a store`, () => {
    const store = useStore(open)
    sessionsContract(store)
    endOfAllContract(store)
    endOfUnnamedContract(store)
    endOfNamedContract(store)
    signOutContract(store)
    openSessionsContract(store)
    fastClocksContract(store)
    reopeningContract(store)
    belongingsContract(store)
    loginsContract(store)
    crowdContract(store)
    singleUseContract(store)
    operationsContract(store)
    devicesContract(store)
    forgottenDevicesContract(store)
    attemptsContract(store)
    guessesContract(store)
    authenticatorsContract(store)
    recoveryContract(store)
    licensesContract(store)
    keysContract(store)
    mailContract(store)
    sealedContract(store)
    sweepContract(store)
  })
}

/**
 * What a driver must do that several instances share: one winner among all of them, and everything still there after a restart.
 *
 * @param place  makes a fresh, empty place and answers how to open a store on it, again and again; the suite closes what it opened
 */
export function sharedStoreContract(name: string, place: () => Promise<() => Promise<Store>>): void {
  describe(`${name} shared by several instances`, () => sharedContract(place))
}
