import { authenticatorIdOf } from '../authenticators/registration.ts'
import { loginContext } from '../methods/relogin/begun.ts'
import { totpSecretContext } from '../methods/totp/totp.ts'
import { settingContext } from '../secrets/open-secrets.ts'
import { type SealContext, SealError, type SealErrorCode, type Sealer, sealedPrefix } from '../secrets/seal.ts'
import { SEALED_KINDS, type SealedKind, type SealedRecord } from '../stores/sealed-records.ts'
import type { Store } from '../stores/store.ts'
import { signingKeyContext } from '../tokens/keyring.ts'

/** How many rows are read at once. */
const PAGE = 200

/** A row that could not be sealed again, and why. */
export type Unopened = Readonly<{ kind: SealedKind; id: string; code: SealErrorCode }>

/** What came of one pass over the store. */
export type Resealed = Readonly<{ count: number; unopened: readonly Unopened[] }>

export type ResealOptions = Readonly<{
  store: Pick<Store, 'sealed'>
  sealer: Sealer
  /** The key id of the secret that seals. */
  keyId: string
  environment: string
  /** Told after every page how many rows were done. */
  onProgress: (count: number) => void
}>

/**
 * Seals with the present secret what was sealed with a former one, row by row. Each row is whole at any time, so that a process that is
 * killed in the middle leaves nothing to repair; the next pass finds what is left. A row that changes meanwhile is left to the next pass.
 */
export async function reseal({ store, sealer, keyId, environment, onProgress }: ResealOptions): Promise<Resealed> {
  const prefix = sealedPrefix(keyId)
  const unopened: Unopened[] = []
  let count = 0
  for (const kind of SEALED_KINDS) {
    let after = ''
    for (;;) {
      const page = await store.sealed.list({ kind, prefix, after, limit: PAGE })
      // together, because a store commits together what comes at the same time
      const replaced = await Promise.all(
        page.map(async (record) => {
          const { id, sealed: from } = record
          const context = contextOf(kind, record, environment)
          try {
            return await store.sealed.replace({ kind, id, from, to: sealer.seal(sealer.open(from, context), context) })
          } catch (error) {
            if (!(error instanceof SealError)) throw error
            unopened.push({ kind, id, code: error.code })
            return false
          }
        }),
      )
      count += replaced.filter(Boolean).length
      if (page.length > 0) onProgress(count)
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) break
      after = last.id
    }
  }
  return { count, unopened }
}

function contextOf(kind: SealedKind, { id, subject }: SealedRecord, environment: string): SealContext {
  switch (kind) {
    case 'signing-key':
      return signingKeyContext(environment, id)
    case 'authenticator':
      return totpSecretContext(subject, id)
    case 'registration':
      return totpSecretContext(subject, authenticatorIdOf(id))
    case 'sign-in':
      return loginContext(subject, id)
    case 'setting':
      return settingContext(id)
  }
}
