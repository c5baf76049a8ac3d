import type { ClientState } from '@stile/browser'
import { useSyncExternalStore } from 'react'
import { useStileContext } from '../context/context.ts'

const LOADING: ClientState = { status: 'loading' }

/** What is known of the subject. Every other hook reads it from here. */
export function useClientState(): ClientState {
  const { client } = useStileContext()
  // on a server nothing is known yet, and the first render in the browser says the same, so that hydration agrees
  return useSyncExternalStore(client.subscribe, client.get, () => LOADING)
}
