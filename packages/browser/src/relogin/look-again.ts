/**
 * All that the page of the login provider's answer ever tells the page that waits. What is proven, the waiting page learns from the service
 * alone.
 */
export const LOOK_AGAIN = 'stile:look-again'

/** The channel on which pages that wait for one step-up are told, if the window that was opened cannot reach its opener. */
export function channelOf(stepUpId: string): string {
  return `stile:relogin:${stepUpId}`
}

/** Tells every page that waits for the step-up to ask the service again. */
export function tellToLookAgain(stepUpId: string): void {
  window.opener?.postMessage(LOOK_AGAIN, location.origin)
  if (!globalThis.BroadcastChannel) return
  const channel = new BroadcastChannel(channelOf(stepUpId))
  channel.postMessage(LOOK_AGAIN)
  channel.close()
}

/** How to listen for the page of the login provider's answer. */
export type LookAgainOptions = Readonly<{ stepUpId: string; onLookAgain: () => void; signal: AbortSignal }>

/** Calls back whenever a page of this origin tells to look again, until the signal is aborted. */
export function listenForLookAgain({ stepUpId, onLookAgain, signal }: LookAgainOptions): void {
  const onMessage = ({ origin, data }: MessageEvent) => {
    if (origin === location.origin && data === LOOK_AGAIN) onLookAgain()
  }
  addEventListener('message', onMessage, { signal })
  if (!globalThis.BroadcastChannel) return
  const channel = new BroadcastChannel(channelOf(stepUpId))
  channel.onmessage = ({ data }) => {
    if (data === LOOK_AGAIN) onLookAgain()
  }
  signal.addEventListener('abort', () => channel.close())
}
