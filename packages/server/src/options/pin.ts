import type { Store } from '../stores/store.ts'
import { OptionsError, optionsIssue } from './error.ts'

const NAME = 'webauthn.rpId'

/**
 * Keeps the rpId that this store's passkeys belong to, and refuses another one: every enrolled passkey would stop working.
 *
 * @throws {OptionsError} if the store has another rpId and the change was not allowed
 */
export async function pinRpId({ settings }: Pick<Store, 'settings'>, rpId: string, allowChange: boolean): Promise<void> {
  const pinned = await settings.pin({ name: NAME, value: rpId })
  if (pinned === rpId) return
  if (!allowChange)
    throw new OptionsError([
      optionsIssue('webauthn.rpId', `is "${rpId}", but the passkeys in this store belong to "${pinned}"`, {
        why: 'Browsers offer a passkey only to the rpId it was made for, so nobody could use theirs any more.',
        fix: `Set it back to "${pinned}", or set allowRpIdChange to true to give up every enrolled passkey.`,
      }),
    ])
  await settings.set({ name: NAME, value: rpId })
}
