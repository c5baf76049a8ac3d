import type { EmailCodeStart } from '@stile/protocol'
import type { FlowState } from '../../stile.ts'
import type { Kit } from '../dialog.ts'
import { DRAWINGS } from '../elements/icons.ts'
import type { Say } from '../texts/texts.ts'
import type { Stage } from './step-up-view.ts'

type Asked = Extract<FlowState, { stepUp: unknown }>

/** The longest wait that is shown where this browser's clock and the service's differ, in seconds; the service has the last word. */
const LONGEST_WAIT = 300

/** Makes the view of a code by mail: where it went, a field for it, and another code once it is time for one. */
export function createEmailView(
  { flow, view, later, render: again, back }: Stage,
  { button, codeField, element, markField, submitButton }: Kit,
  say: Say,
): (state: Asked, alert: string, another: HTMLElement) => void {
  const [field, input] = codeField(say('emailCode'), (code) => flow.submit({ code }))
  const happened = element('p', { role: 'status' })
  const resend = button(
    say('resend'),
    () => {
      asking = true
      happened.textContent = say('resending')
      back('email-otp')
    },
    'stile-link',
  )
  let asking = false
  /** Says how asking for another code ended, and gives the focus back to the field. */
  const settle = (words: string) => {
    if (!asking) return
    asking = false
    happened.textContent = words
    input.focus()
  }
  let known: EmailCodeStart | undefined
  let marked: Asked | undefined

  return (state: Asked, alert: string, another: HTMLElement): void => {
    const start = state.stepUp.methods.find(({ method }) => method === 'email-otp')?.start as EmailCodeStart | undefined
    const now = Date.now() / 1000
    if (start && start.resendAt !== known?.resendAt) {
      input.value = ''
      settle(say('resent'))
      known = start
    } else if (state.error) settle('')
    const busy = state.status === 'verifying' || !start
    const sent = start ? say('emailSent', { address: start.sentTo }) : say('wait')
    view(
      'email',
      {
        icon: DRAWINGS.mail,
        busy,
        alert,
        text: busy ? say('wait') : sent,
        body: () => [field],
        onSubmit: () => flow.submit({ code: input.value }),
      },
      submitButton(say('verify')),
      resend,
      happened,
      another,
    )
    // not with every second: what is being typed must not be selected
    if (marked !== state) markField(input, busy, state.error?.failure === 'wrong_code')
    marked = state
    const refusedUntil = state.error?.attemptsLeft === undefined ? (state.error?.retryAt ?? 0) / 1000 : 0
    const wait = Math.min(Math.max(Math.ceil(Math.max((start?.resendAt ?? 0) - now, refusedUntil - now)), 0), LONGEST_WAIT)
    resend.disabled = wait > 0 || busy
    const time = `${Math.floor(wait / 60)}:${`${wait % 60}`.padStart(2, '0')}`
    resend.textContent = wait > 0 ? say('resendIn', { time }) : say('resend')
    if (wait > 0) later(1000, again)
  }
}
