import type { Authenticator } from '@stile/protocol'
import { useMemo } from 'react'
import { useStileContext } from '../context/context.ts'
import { useClientState } from './use-client-state.ts'

/** What the subject has enrolled, and how to change it. */
export type UseAuthenticators = Readonly<{
  /** Empty until the state is known. */
  authenticators: readonly Authenticator[]
  /** Opens the enrolment dialog; resolves with whether something was enrolled. */
  enroll: () => Promise<boolean>
  /** Asks for a fresh proof if the service wants one. Throws `StileError`. */
  rename: (id: string, name: string) => Promise<Authenticator>
  /** Asks for a fresh proof if the service wants one. Throws `StileError`. */
  remove: (id: string) => Promise<void>
}>

const NONE: readonly Authenticator[] = []

/** The subject's authenticators, kept current: for a page on which people look after them. */
export function useAuthenticators(): UseAuthenticators {
  const { client, mounted } = useStileContext()
  const state = useClientState()
  const authenticators = state.status === 'ready' ? state.state.authenticators : NONE
  const verbs = useMemo(() => {
    const enrollment = () => import('@stile/browser/enroll').then(({ createEnrollment }) => createEnrollment(client))
    return {
      enroll: async () => (await mounted()).enroll(),
      rename: async (id: string, name: string) => (await enrollment()).rename(id, name),
      remove: async (id: string) => (await enrollment()).remove(id),
    }
  }, [client, mounted])
  return { authenticators, ...verbs }
}
