import type { FactsDomain } from '../options/domain.ts'
import type { LicenseRecord } from '../stores/store.ts'
import type { ChangeStream } from './stream.ts'

/** How many licenses are kept for those who ask for the same one; more than that are read as before. */
const MOST_SHARED = 1000

/** How long what was read is kept for others, in milliseconds. */
const KEPT_MILLISECONDS = 50

/**
 * A store for many who look at the same time, because one change concerns all of them: what belongs to no subject is read once for all, which is
 * the head of the log and the license of an account.
 *
 * What was read counts until the log has grown, and no longer than a moment: nobody who is told of a change gets what was read before that
 * change. A license is shared only under a head that was read before it, so that no revision is told with an older license. What belongs to
 * a subject or a session is never shared.
 */
export function shareReads(store: FactsDomain['store'], stream: Pick<ChangeStream, 'cursor'>): FactsDomain['store'] {
  let cursor = -1
  let head: Promise<number> | undefined
  const licenses = new Map<string, Promise<LicenseRecord | null>>()
  let isKept = false

  const forget = (): void => {
    isKept = false
    head = undefined
    licenses.clear()
  }
  /** Drops what is from before the newest change that anybody was told of. */
  const look = (): void => {
    if (cursor !== stream.cursor()) forget()
    cursor = stream.cursor()
    if (isKept) return
    isKept = true
    setTimeout(forget, KEPT_MILLISECONDS).unref()
  }
  /** What has failed is not kept: others try for themselves. */
  const share = <T>(read: Promise<T>): Promise<T> => {
    read.catch(forget)
    return read
  }
  return {
    ...store,
    changes: {
      ...store.changes,
      head() {
        look()
        head ??= share(store.changes.head())
        return head
      },
    },
    licenses: {
      ...store.licenses,
      get(account) {
        look()
        const known = licenses.get(account)
        if (known !== undefined) return known
        // without a head that is kept, a later one would be told with it
        if (head === undefined) return store.licenses.get(account)
        const read = share(head.then(() => store.licenses.get(account)))
        if (licenses.size < MOST_SHARED) licenses.set(account, read)
        return read
      },
    },
  }
}
