import type { RecoveryTicket } from '@stile/protocol'
import { createRecovery } from '../../enroll/index.ts'
import type { FlowError } from '../../stile.ts'
import { DRAWINGS } from '../elements/icons.ts'
import { enroll } from '../enrollment/enrollment-view.ts'
import type { Guide } from '../setup.ts'
import { errorOf } from './recovery-codes-view.ts'

/**
 * Leads back in: a recovery code or the token of a link, the sign-in anew, then enrolment.
 *
 * What was typed stays until it was accepted, whatever goes wrong on the way.
 *
 * @returns whether something was enrolled
 */
export async function recover(guide: Guide, link: string | undefined): Promise<boolean> {
  const { stile, kit, say, errorText, station, view } = guide
  const { button, element, submitButton } = kit
  const recovery = createRecovery(stile)
  // where it cannot be told, a code can be typed all the same
  const status = await recovery.status().catch(() => undefined)
  const left = link ? 1 : (status?.codesLeft ?? 1)
  const whom = { help: status?.help ?? say('helper') }

  const ticket = await new Promise<RecoveryTicket | undefined>((resolve) => {
    let busy = false
    let error: FlowError | undefined
    let help = left === 0
    const leave = () => resolve(undefined)
    const input = element('input', {
      className: 'stile-typed',
      autocomplete: 'off',
      autocapitalize: 'characters',
      spellcheck: false,
      'aria-describedby': 'stile-alert',
    })
    const field = element('label', {}, say('recoveryCode'), input)

    const sentence = () => {
      if (!error) return ''
      if (link && error.code === 'recovery_failed') return say('link_failed', whom)
      const kept = /^(relogin|login|session)_/.test(error.failure ?? error.code) && !link
      return `${errorText(error)}${kept ? ` ${say('recoveryKept')}` : ''}`
    }
    const redeem = async () => {
      const code = input.value.trim()
      if (busy || !(link || code)) return input.focus()
      busy = true
      error = undefined
      station(render, leave)
      try {
        resolve(await recovery.redeem(link ? { link } : { code }))
      } catch (cause) {
        busy = false
        error = errorOf(cause)
        station(render, leave)
      }
    }
    const turn = () => {
      help = !help
      render()
    }
    const render = () => {
      const icon = DRAWINGS.door
      const title = say('recoverTitle')
      if (help) {
        const text = say(left === 0 ? 'noCodesLeft' : 'noCodeText', whom)
        const actions = () => [...(left === 0 ? [] : [button(say('back'), turn)]), button(say('close'), leave, 'stile-primary')]
        return view('help', title, { icon, text, actions })
      }
      view(
        'recover',
        title,
        {
          icon,
          busy,
          text: say(busy ? 'wait' : link ? 'recoverByLink' : 'recoverText'),
          alert: sentence(),
          onSubmit: redeem,
          body: () => (link ? [] : [field]),
        },
        submitButton(say('continue')),
        ...(link ? [] : [button(say('noCode'), turn, 'stile-quiet')]),
      )
      input.readOnly = busy
      input.setAttribute('aria-invalid', `${error?.code === 'recovery_failed'}`)
      if (error?.code === 'recovery_failed') input.select()
    }
    station(render, leave)
  })
  return ticket ? enroll(guide, ticket.methods, say('recoverNext')) : false
}
