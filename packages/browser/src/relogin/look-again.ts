/** All that the page of the login provider's answer ever says to the one that waits: the service is asked what is proven. */
export const LOOK_AGAIN = 'stile:look-again'

/** The name of the channel on which those who wait for one step-up hear it, where the window that was opened cannot reach its opener. */
export function channelOf(stepUpId: string): string {
  return `stile:relogin:${stepUpId}`
}
