import type { ClientState } from '@stile/browser'
import { useSyncExternalStore } from 'react'
import { useStileContext } from '../provider/context.ts'

const LOADING: ClientState = { status: 'loading' }

/** On a server nothing is known yet; the first render in the browser says the same, so that hydration agrees. */
function serverSnapshot(): ClientState {
  return LOADING
}

/** What is known of the subject: every other hook reads it from here. */
export function useClientState(): ClientState {
  const { client } = useStileContext()
  return useSyncExternalStore(client.subscribe, client.get, serverSnapshot)
}
