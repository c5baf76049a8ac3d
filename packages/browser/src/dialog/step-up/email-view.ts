import type { EmailCodeStart, Method } from '@stile/protocol'
import type { FlowError } from '../../stile.ts'
import { createCodeField } from '../elements/code-field.ts'
import { ICONS } from '../elements/more-icons.ts'
import { button, element, type Say, submitButton } from '../parts.ts'
import type { OpenFlowState, StepUpPrompt } from './step-up-view.ts'

/** The longest wait that is shown if this browser's clock and the service's differ. The service decides when another code is sent. */
const LONGEST_WAIT_SECONDS = 300

/** What the view of an emailed code works with. */
export type EmailViewOptions = Readonly<{
  prompt: StepUpPrompt
  say: Say
  /** Starts a method, also one that is under way. */
  choose: (method: Method) => void
  /** Makes the button for subjects who cannot use this method. */
  leaveButton: (state: OpenFlowState) => HTMLButtonElement
}>

/** Shows a step-up whose code goes by mail. */
export type EmailView = (state: OpenFlowState, alert: string) => void

/** Creates the view of an emailed code: where it went, a field for it, and a button for another one. */
export function createEmailView({ prompt, say, choose, leaveButton }: EmailViewOptions): EmailView {
  const { flow } = prompt
  const codeField = createCodeField({
    label: say('emailCode'),
    describedBy: prompt.alertId,
    onCode: (code) => flow.submit({ code }),
    onIncomplete: prompt.render,
  })
  const outcome = element('p', { role: 'status', part: 'status' })
  const resendButton = button({ label: say('resend'), onClick: () => resend(), part: 'link' })
  let isResending = false
  let knownStart: EmailCodeStart | undefined

  const resend = () => {
    isResending = true
    outcome.textContent = say('resending')
    // the button in focus is disabled now, and with it the focus would be lost
    codeField.input.focus()
    choose('email-otp')
  }
  /** Says how asking for another code ended, and gives the focus back to the field. */
  const endResending = (sentence: string) => {
    if (!isResending) return
    isResending = false
    outcome.textContent = sentence
    codeField.input.focus()
  }
  const showWait = (seconds: number, busy: boolean) => {
    resendButton.disabled = seconds > 0 || busy
    resendButton.textContent = seconds > 0 ? say('resendIn', { time: clockTime(seconds) }) : say('resend')
    if (seconds > 0) prompt.runLater(prompt.render, 1000)
  }

  return (state, alert) => {
    const start = state.stepUp.methods.find(({ method }) => method === 'email-otp')?.start as EmailCodeStart | undefined
    if (start && start.resendAt !== knownStart?.resendAt) {
      codeField.input.value = ''
      endResending(say('resent'))
      knownStart = start
    } else if (state.error) endResending('')

    const busy = state.status === 'verifying' || !start
    prompt.show({
      key: 'email',
      icon: ICONS.mail,
      busy,
      alert: codeField.isIncomplete() ? say('incomplete') : alert,
      text: start ? say('emailSent', { address: start.sentTo }) : say('wait'),
      body: () => [codeField.field],
      onSubmit: codeField.submit,
      actions: () => [submitButton(say('verify')), resendButton, outcome, leaveButton(state), prompt.cancelButton()],
    })
    codeField.mark({ busy, wrong: state.error?.failure === 'wrong_code' })
    showWait(secondsToWait(start, state.error), busy)
  }
}

/** How long until another code can be asked for. */
function secondsToWait(start: EmailCodeStart | undefined, error: FlowError | undefined): number {
  // a lock after wrong guesses does not keep another code from being sent
  const refusedUntil = error?.attemptsLeft === undefined ? (error?.retryAt ?? 0) / 1000 : 0
  const seconds = Math.ceil(Math.max(start?.resendAt ?? 0, refusedUntil) - Date.now() / 1000)
  return Math.min(Math.max(seconds, 0), LONGEST_WAIT_SECONDS)
}

/** Minutes and seconds, such as `1:05`. */
function clockTime(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`
}
