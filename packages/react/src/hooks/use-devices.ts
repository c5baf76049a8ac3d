import type { Device } from '@stile/protocol'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { useStileContext } from '../context/context.ts'
import { subjectOf } from './subject-of.ts'
import { useClientState } from './use-client-state.ts'

/** The subject's devices, and how to sign one out and forget it. */
export type UseDevices = Readonly<{
  /** `undefined` until they were read for the first time. */
  devices: readonly Device[] | undefined
  /** Whether reading them failed. What was read before is kept. */
  failed: boolean
  /** Reads them again. Never rejects. */
  reload: () => Promise<void>
  /** Asks for a proof if the service wants one. Throws `StileError`. */
  forget: (id: string) => Promise<void>
}>

/** The devices that are known to be the subject's or signed in: for a page on which people look after them. */
export function useDevices(): UseDevices {
  const { client } = useStileContext()
  const known = useClientState()
  const revision = known.status === 'ready' ? known.state.revision : undefined
  const [devices, setDevices] = useState<readonly Device[]>()
  const [failed, setFailed] = useState(false)

  const load = useCallback(() => import('@stile/browser/enroll').then(({ createDevices }) => createDevices(client)), [client])
  const read = useCallback(
    async (isWanted: () => boolean = () => true) => {
      const asked = subjectOf(client)
      try {
        const next = await (await load()).list()
        if (!isWanted() || subjectOf(client) !== asked) return
        setDevices(next)
        setFailed(false)
      } catch {
        if (isWanted()) setFailed(true)
      }
    },
    [client, load],
  )

  // a device that is forgotten or proves something, here or elsewhere, changes the state
  useEffect(() => {
    if (revision === undefined) return setDevices(undefined)
    let isUnmounted = false
    read(() => !isUnmounted)
    return () => {
      isUnmounted = true
    }
  }, [read, revision])

  const verbs = useMemo(
    () => ({
      reload: () => read(),
      forget: async (id: string) => {
        await (await load()).forget(id)
        await read()
      },
    }),
    [load, read],
  )
  return { devices, failed, ...verbs }
}
