import type { Method } from '@stile/protocol'
import { ICONS } from '../elements/more-icons.ts'
import { button, element, icon, PROMPT_ICONS, type Say, submitButton } from '../parts.ts'
import { areGuessesSpent, isLocked } from '../texts/lock.ts'
import type { OpenFlowState, StepUpPrompt } from './step-up-view.ts'

/** How often the minutes of a lock are told again. */
const TICK_MS = 5000

/** What the choice works with. */
export type ChoiceViewOptions = Readonly<{
  prompt: StepUpPrompt
  say: Say
  /** Starts a method, also one that is under way. */
  choose: (method: Method) => void
  /** Goes on with the method that is under way. */
  closeChoice: () => void
  /** Makes the button for subjects who can use none of the methods. */
  recoverButton: (label: string) => HTMLButtonElement
}>

/** How each method is offered. */
const OFFERS: Readonly<Record<Method, Readonly<{ text: string; drawing: string }>>> = {
  passkey: { text: 'usePasskey', drawing: ICONS.passkey },
  'security-key': { text: 'useKey', drawing: ICONS.usb },
  totp: { text: 'useTotp', drawing: PROMPT_ICONS.phone },
  'email-otp': { text: 'useEmail', drawing: ICONS.mail },
  relogin: { text: 'useRelogin', drawing: ICONS.door },
  'recovery-code': { text: 'useRecovery', drawing: ICONS.codes },
}

/** Creates the choice of methods: each by its name, the best one first in focus, and codes disabled while they are locked. */
export function createChoiceView({
  prompt,
  say,
  choose,
  closeChoice,
  recoverButton,
}: ChoiceViewOptions): (state: OpenFlowState, alert: string) => void {
  const start = (state: OpenFlowState, method: Method) => {
    // coming back to a code that was typed in part, or is on its way, keeps it
    const isUnderWay = state.status === 'proving' && state.method === method && isTypedCode(method)
    if (isUnderWay) closeChoice()
    else choose(method)
  }

  const labelOf = (method: Method, hint: string | undefined) =>
    method === 'relogin' && hint ? say('useReloginAt', { host: hint }) : say(OFFERS[method].text)

  /** Tells which authenticator is meant, or how long it is locked. */
  const detailOf = (state: OpenFlowState, method: Method, hint: string | undefined) => {
    const minutes = isLockedNow(state, method) ? minutesLeft(state) : undefined
    if (minutes !== undefined) return say('againIn', { minutes: Math.max(minutes, 1) })
    if (method === 'relogin' || !hint) return undefined
    // a name that only repeats the label tells nothing
    return labelOf(method, hint).toLowerCase().includes(hint.toLowerCase()) ? undefined : hint
  }

  const methodButton = (state: OpenFlowState, method: Method, isBest: boolean) => {
    const { hint } = state.stepUp.methods.find((each) => each.method === method) ?? {}
    const detail = detailOf(state, method, hint)
    const made = button({
      label: '',
      onClick: () => start(state, method),
      part: `way${isBest ? ' primary' : ''}`,
    })
    made.append(
      icon(OFFERS[method].drawing),
      element('span', {}, labelOf(method, hint)),
      ...(detail ? [' ', element('small', {}, detail)] : []),
    )
    made.disabled = isLockedNow(state, method)
    return made
  }

  let shownButtons: readonly HTMLButtonElement[] = []
  return (state, alert) => {
    const { method: tried, methods } = state
    const usable = methods.filter((method) => !isLockedNow(state, method))
    // the method that was tried last stays the first to try, unless it is locked
    const best = usable.find((method) => method === tried) ?? usable[0]
    const minutes = isLocked(state.error) ? minutesLeft(state) : undefined
    if (isLocked(state.error)) prompt.runLater(prompt.render, TICK_MS)

    const isSpent = areGuessesSpent(state.error)
    const startAgain = () => prompt.flow.retry()

    const formerButtons = shownButtons
    const focused = formerButtons.findIndex(isFocused)
    prompt.show({
      key: `choice ${methods} ${best} ${minutes} ${isSpent}`,
      alert,
      text: alert ? '' : say('chooseText'),
      ...(isSpent && { onSubmit: startAgain }),
      actions: () => {
        const methodButtons = methods.map((method) => methodButton(state, method, method === best && !isSpent))
        shownButtons = [...methodButtons, recoverButton(say(methods.length > 1 ? 'noneOfThese' : 'none'))]
        return [...(isSpent ? [submitButton(say('startAgain'))] : []), ...shownButtons, prompt.cancelButton()]
      },
    })
    // the focus stays where it is while the minutes run
    if (shownButtons !== formerButtons) shownButtons[focused]?.focus()
  }
}

function isFocused(button: HTMLButtonElement): boolean {
  return (button.getRootNode() as Document | ShadowRoot).activeElement === button
}

/** Whether the method is a code that is typed, so that wrong ones are counted. */
function isTypedCode(method: Method): boolean {
  return method === 'totp' || method === 'email-otp'
}

function isLockedNow({ error }: OpenFlowState, method: Method): boolean {
  return isLocked(error) && isTypedCode(method)
}

/** The minutes until codes count again; none if they never do in this step-up. */
function minutesLeft({ error }: OpenFlowState): number | undefined {
  return error?.retryAt ? Math.ceil((error.retryAt - Date.now()) / 60_000) : undefined
}
