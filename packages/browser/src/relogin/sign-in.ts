import type { IssuedToken, ReloginStart, StepUp } from '@stile/protocol'
import { isPassing, type StileCode, StileError, toStileError } from '../base.ts'
import { forgetLeftPage } from './left-page.ts'
import { listenForLookAgain } from './look-again.ts'
import { rememberPage } from './remember-page.ts'

/** What a sign-in at the login provider works with. */
export type SignIn = Readonly<{
  /** The window that the click opened; `null` if the browser opened none. */
  popup: Window | null
  stepUp: Pick<StepUp, 'id' | 'feature' | 'expiresAt'>
  /** The page of the login provider, as the service says. */
  start: () => Promise<unknown>
  /** Asks the service for the token. Rejects while it is not proven. */
  ask: () => Promise<IssuedToken>
  onProven: (issued: IssuedToken) => void
  /** Called if nothing was proven although the window is closed or its page has answered. Either callback may follow later. */
  onFailure: (error: StileError) => void
  /** This browser's clock, in seconds since the epoch. */
  now: () => number
  /** Aborted when the subject turns to another method. The window is closed then. */
  methodSignal: AbortSignal
  /** Aborted when the step-up is over. Nothing is listened for after that. */
  stepUpSignal: AbortSignal
  /** Leaves this page. Default: `location.assign`. */
  leave?: (url: string) => void
}>

/** How often it looks whether the window was closed. */
const POLL_MS = 500
/** How long a service that could not be reached is left alone. */
const RETRY_MS = 5000
/** A browser's clock may be wrong by hours, so that the wait for the end of the step-up has limits. */
const SHORTEST_WAIT_SECONDS = 60
const LONGEST_WAIT_SECONDS = 900

const WEB_PROTOCOLS: ReadonlySet<string> = new Set(['https:', 'http:'])

/**
 * Has the subject sign in at the login provider, in a window or, if the browser opens none, instead of this page, which is restored
 * afterwards. Loaded when the subject chooses that.
 *
 * Only the service knows what is proven. It is asked when the window's page says so, when this page gets the focus and when the window is
 * closed. A provider that cuts the window from this page (Cross-Origin-Opener-Policy) makes it look closed, so that this page goes on
 * listening until the step-up is over.
 *
 * @throws StileError what keeps the service from starting it
 */
export async function signIn(options: SignIn): Promise<void> {
  const { popup, stepUp, start, methodSignal, stepUpSignal, leave = (to) => location.assign(to) } = options
  const closePopup = () => popup?.close()
  methodSignal.addEventListener('abort', closePopup)
  stepUpSignal.addEventListener('abort', closePopup)
  const { href, protocol } = new URL(((await start()) as ReloginStart).url)
  // until it is somewhere else the window is of this page's origin, so that a script would run as this page
  if (!WEB_PROTOCOLS.has(protocol)) throw new StileError('login_unavailable')
  if (methodSignal.aborted || stepUpSignal.aborted) return
  waitForProof(options)
  if (popup) {
    // it got a copy of what this tab keeps, but is no page to go back to
    forgetLeftPage(popup)
    popup.location.replace(href)
  } else {
    rememberPage(stepUp.id)
    leave(href)
  }
}

/** Asks the service for the proof until it is there or the step-up is over. */
function waitForProof({ popup, stepUp, ask, onProven, onFailure, now, methodSignal, stepUpSignal }: SignIn): void {
  const ending = new AbortController()
  const { signal } = ending
  /** Whether the window's page said that it has an answer, or this page came back without one. */
  let isAnswered = false
  let isAsking = false
  let isAskedAgain = false
  let wasSeenClosed = false
  let retry: ReturnType<typeof setTimeout> | undefined

  const handle = (cause: unknown, isOver: boolean | undefined) => {
    const error = toStileError(cause, 'internal')
    const unproven: StileCode = stepUp.feature === 'stile:session' ? 'session_ended' : 'insufficient_user_authentication'
    const isUnproven = error.code === unproven
    const passes = isPassing(error.code)
    // a service that cannot be reached may know of a proof, so that it is asked again
    if (passes) retry = setTimeout(look, RETRY_MS)
    if (isOver || !(isUnproven || passes)) onFailure(isUnproven ? new StileError('relogin_failed') : error)
  }
  const look = async () => {
    if (signal.aborted) return
    if (isAsking) {
      isAskedAgain = true
      return
    }
    isAsking = true
    const isOver = isAnswered || popup?.closed
    try {
      const issued = await ask()
      if (!signal.aborted) onProven(issued)
    } catch (error) {
      if (!signal.aborted) handle(error, isOver)
    } finally {
      isAsking = false
      if (isAskedAgain) {
        isAskedAgain = false
        look()
      }
    }
  }
  const lookAtAnswer = () => {
    isAnswered = true
    look()
  }

  // the browser's back button leads here from the provider's page, with everything as it was and without an answer
  const onPageShow = ({ persisted }: PageTransitionEvent) => {
    if (!persisted) return
    forgetLeftPage()
    lookAtAnswer()
  }
  listenForLookAgain({ stepUpId: stepUp.id, onLookAgain: lookAtAnswer, signal })
  addEventListener('focus', look, { signal })
  addEventListener('pageshow', onPageShow, { signal })
  const poll = setInterval(() => {
    // a window that was only cut from this page still has the focus
    if (wasSeenClosed || !popup?.closed || !document.hasFocus()) return
    wasSeenClosed = true
    look()
  }, POLL_MS)
  const seconds = Math.min(Math.max(stepUp.expiresAt - now(), SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)
  const expiry = setTimeout(() => {
    end()
    if (!methodSignal.aborted) popup?.close()
    onFailure(new StileError('relogin_failed'))
  }, seconds * 1000)

  const end = () => {
    ending.abort()
    clearInterval(poll)
    clearTimeout(expiry)
    clearTimeout(retry)
  }
  stepUpSignal.addEventListener('abort', end)
}
