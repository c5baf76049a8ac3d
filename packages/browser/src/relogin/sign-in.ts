import type { IssuedToken, ReloginStart, StepUp } from '@stile/protocol'
import { isPassing, StileError } from '../error.ts'
import { forgetLeftPage } from './left-page.ts'
import { channelOf, LOOK_AGAIN } from './look-again.ts'
import { rememberPage } from './remember-page.ts'

/** What a sign-in at the login provider works with. */
export type SignIn = Readonly<{
  /** The window that the click opened; `null` where the browser opened none. */
  popup: Window | null
  stepUp: Pick<StepUp, 'id' | 'expiresAt'>
  /** The page of the login provider, as the service says. */
  start: () => Promise<unknown>
  /** Asks the service for the token; rejects while it is not proven. */
  ask: () => Promise<IssuedToken>
  onProven: (issued: IssuedToken) => void
  /** The window is closed, or its page has answered, and nothing was proven. It may be called again, and `onProven` after it. */
  onTrouble: (error: StileError) => void
  /** This browser's clock, in seconds since the epoch. */
  now: () => number
  /** Aborted when the subject turns to another way: the window is closed. */
  shown: AbortSignal
  /** Aborted when the step-up is over: nothing is listened for any more. */
  listening: AbortSignal
  /** Leaves this page. */
  leave?: (url: string) => void
}>

const POLL_MS = 500
const RETRY_MS = 5000
/** A browser's clock may be wrong by hours: whatever it makes of the end of the step-up, this is the least and the most that is waited. */
const [SHORTEST_SECONDS, LONGEST_SECONDS] = [60, 900]

/**
 * Has the subject sign in at the login provider, in a window or, where the browser opens none, instead of this page, which is restored
 * afterwards. Loaded when that is chosen.
 *
 * What is proven is known from the service alone. It is asked when the window's page says so, when this page gets the focus and when the
 * window is closed. A provider that cuts the window from this page (Cross-Origin-Opener-Policy) makes it look closed: so it goes on
 * listening until the step-up is over.
 *
 * @throws StileError what keeps the service from starting it
 */
export async function signIn(options: SignIn): Promise<void> {
  const { popup, stepUp, start, shown, listening, leave = (to) => location.assign(to) } = options
  shown.addEventListener('abort', () => popup?.close())
  listening.addEventListener('abort', () => popup?.close())
  const { href, protocol } = new URL(((await start()) as ReloginStart).url)
  // the window is of this page's origin until it is somewhere else: a script would run as this page
  if (!/^https?:$/.test(protocol)) throw new StileError('login_unavailable')
  if (shown.aborted || listening.aborted) return
  listen(options)
  if (popup) {
    // it got a copy of what this tab keeps, and is no page to go back to
    forgetLeftPage(popup)
    popup.location.replace(href)
  } else {
    rememberPage(stepUp.id)
    leave(href)
  }
}

function listen({ popup, stepUp, ask, onProven, onTrouble, now, shown, listening }: SignIn): void {
  const ending = new AbortController()
  const { signal } = ending
  /** The window's page said that it has an answer, or this page came back without one. */
  let told = false
  let asking = false
  let again = false
  let sawClosed = false
  let retry: ReturnType<typeof setTimeout> | undefined

  const look = async () => {
    if (signal.aborted) return
    if (asking) {
      again = true
      return
    }
    asking = true
    const over = told || popup?.closed
    try {
      const issued = await ask()
      if (signal.aborted) return
      onProven(issued)
    } catch (error) {
      if (signal.aborted) return
      const known = error instanceof StileError ? error : new StileError('internal', undefined, error)
      const open = known.code === 'insufficient_user_authentication'
      // a service that is away may have it proven: it is asked again
      if (isPassing(known.code)) retry = setTimeout(look, RETRY_MS)
      if (over || !(open || isPassing(known.code))) onTrouble(open ? new StileError('relogin_failed') : known)
    } finally {
      asking = false
      if (again) {
        again = false
        look()
      }
    }
  }
  const hear = () => {
    told = true
    look()
  }

  const onMessage = ({ origin, data }: MessageEvent) => {
    if (origin === location.origin && data === LOOK_AGAIN) hear()
  }
  // back from the provider's page without an answer, with everything as it was
  const onReturn = ({ persisted }: PageTransitionEvent) => {
    if (!persisted) return
    forgetLeftPage()
    hear()
  }
  addEventListener('message', onMessage, { signal })
  addEventListener('focus', look, { signal })
  addEventListener('pageshow', onReturn, { signal })
  const channel = globalThis.BroadcastChannel && new BroadcastChannel(channelOf(stepUp.id))
  if (channel) channel.onmessage = ({ data }) => data === LOOK_AGAIN && hear()
  const poll = setInterval(() => {
    // a window that was only cut from here still has the focus
    if (sawClosed || !popup?.closed || !document.hasFocus()) return
    sawClosed = true
    look()
  }, POLL_MS)
  const seconds = Math.min(Math.max(stepUp.expiresAt - now(), SHORTEST_SECONDS), LONGEST_SECONDS)
  const expiry = setTimeout(() => {
    end()
    if (!shown.aborted) popup?.close()
    onTrouble(new StileError('relogin_failed'))
  }, seconds * 1000)

  const end = () => {
    ending.abort()
    clearInterval(poll)
    clearTimeout(expiry)
    clearTimeout(retry)
    channel?.close()
  }
  listening.addEventListener('abort', end)
}
