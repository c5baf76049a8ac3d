import type { Recovery } from '@stile/protocol'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { useStileContext } from '../context/context.ts'
import { subjectOf } from './subject-of.ts'
import { useClientState } from './use-client-state.ts'

/** The subject's recovery codes, and how to make and use them. */
export type UseRecovery = Readonly<{
  /** `undefined` until it was read for the first time. */
  status: Recovery | undefined
  /** Makes ten codes and shows them once in the dialog; former codes no longer work. Resolves with whether they were made. */
  makeCodes: () => Promise<boolean>
  /**
   * Leads subjects who lost what they had enrolled through recovery in the dialog, by a code or by the token of an administrator's `link`.
   * Resolves with whether something was enrolled.
   */
  recover: (link?: string) => Promise<boolean>
}>

/** The subject's recovery codes and the way back in: for a page on which people look after them, and for the page that links lead to. */
export function useRecovery(): UseRecovery {
  const { client, mounted } = useStileContext()
  const known = useClientState()
  const revision = known.status === 'ready' ? known.state.revision : undefined
  const [status, setStatus] = useState<Recovery>()

  const read = useCallback(async () => {
    const { createRecovery } = await import('@stile/browser/enroll')
    return createRecovery(client).status()
  }, [client])

  // a code that is used, here or elsewhere, changes the state
  useEffect(() => {
    if (revision === undefined) return setStatus(undefined)
    let isUnmounted = false
    read().then(
      (next) => isUnmounted || setStatus(next),
      () => {},
    )
    return () => {
      isUnmounted = true
    }
  }, [read, revision])

  const verbs = useMemo(() => {
    const refreshed = async (run: () => Promise<boolean>) => {
      try {
        return await run()
      } finally {
        const asked = subjectOf(client)
        read().then(
          (next) => subjectOf(client) === asked && setStatus(next),
          () => {},
        )
      }
    }
    return {
      makeCodes: () => refreshed(async () => (await mounted()).recoveryCodes()),
      recover: (link?: string) => refreshed(async () => (await mounted()).recover(link)),
    }
  }, [client, mounted, read])
  return { status, ...verbs }
}
