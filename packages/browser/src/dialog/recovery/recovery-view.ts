import type { AttemptFailure, RecoveryTicket } from '@stile/protocol'
import type { StileCode } from '../../base.ts'
import { createRecovery } from '../../enroll/recovery.ts'
import type { FlowError } from '../../stile.ts'
import { ICONS } from '../elements/more-icons.ts'
import type { EnrollmentViewOptions } from '../enrollment/enrollment-view.ts'
import { button, element, quietButton, submitButton } from '../parts.ts'
import { RECOVERY_TEXTS } from '../texts/recovery-texts.ts'
import type { Wizard } from '../wizard/wizard.ts'
import { RECOVERY_STYLES } from './styles.ts'

/** What recovery begins with. */
export type RecoveryViewOptions = Readonly<{
  /** The token of an administrator's recovery link. Without it a recovery code is asked for. */
  link?: string | undefined
}>

type SignInCode = Extract<StileCode | AttemptFailure, `relogin_${string}` | `login_${string}` | `session_${string}`>

/** What can go wrong with the sign-in that the service asks for before it looks at a recovery code. */
const SIGN_IN_CODES: Readonly<Record<SignInCode, true>> = {
  relogin_failed: true,
  login_unavailable: true,
  login_refused: true,
  login_invalid: true,
  login_other_user: true,
  login_time_missing: true,
  login_too_old: true,
  session_ended: true,
  session_unavailable: true,
}

/**
 * Redeems a recovery code or the token of a link, after a new sign-in if the service asks for one. What was typed stays until it is
 * accepted, whatever goes wrong on the way.
 *
 * @returns what enrolment goes on with; nothing if the subject leaves
 */
export async function showRecovery(wizard: Wizard, { link }: RecoveryViewOptions): Promise<EnrollmentViewOptions | undefined> {
  wizard.extend({ texts: RECOVERY_TEXTS, css: RECOVERY_STYLES })
  const { say, show } = wizard
  const recovery = createRecovery(wizard.client)
  const goOn = ({ methods }: RecoveryTicket): EnrollmentViewOptions => ({
    methods,
    intro: say('recoverNext'),
    askToLeave: askToLeave(wizard),
  })
  // who left, or reloaded the page, after a code or link was used goes on from there
  const standing = await recovery.standingTicket()
  if (standing) return goOn(standing)
  const status = await recovery.status().catch(() => undefined)
  // if nobody knows how many codes are left, one can be typed all the same
  const hasNoCodes = !link && status?.codesLeft === 0
  const whom = { help: status?.help ?? say('helper') }

  return new Promise((resolve) => {
    let busy = false
    let error: FlowError | undefined
    let isHelpShown = hasNoCodes
    const input = element('input', {
      part: 'input typed',
      dir: 'ltr',
      autocomplete: 'off',
      autocapitalize: 'characters',
      spellcheck: false,
      'aria-describedby': wizard.alertId,
    })
    const field = element('label', { part: 'label' }, say('recoveryCode'), input)
    const leave = () => resolve(undefined)

    const alertText = () => {
      if (!error) return ''
      if (link && error.code === 'recovery_failed') return say('link_failed', whom)
      const isCodeUnused = !link && Object.hasOwn(SIGN_IN_CODES, error.failure ?? error.code)
      return isCodeUnused ? `${wizard.errorText(error)} ${say('recoveryKept')}` : wizard.errorText(error)
    }
    const redeem = async () => {
      const code = input.value.trim()
      if (busy || !(link || code)) return input.focus()
      busy = true
      error = undefined
      wizard.showStep(step)
      try {
        resolve(goOn(await recovery.redeem(link ? { link } : { code })))
      } catch (cause) {
        busy = false
        error = wizard.errorOf(cause)
        wizard.showStep(step)
      }
    }

    const toggleHelp = () => {
      isHelpShown = !isHelpShown
      step.render()
    }
    const showHelp = () => {
      const backButton = () => button({ label: say('back'), onClick: toggleHelp })
      const closeButton = () => button({ label: say('close'), onClick: leave, part: 'primary' })
      show({
        key: 'help',
        icon: ICONS.door,
        title: say('recoverTitle'),
        text: say(hasNoCodes ? 'noCodesLeft' : 'noCodeText', whom),
        actions: () => (hasNoCodes ? [closeButton()] : [backButton(), closeButton()]),
      })
    }
    const showForm = () => {
      show({
        key: 'recover',
        icon: ICONS.door,
        title: say('recoverTitle'),
        busy,
        text: say(link ? 'recoverByLink' : 'recoverText'),
        alert: alertText(),
        onSubmit: redeem,
        body: () => (link ? [] : [field]),
        actions: () => [submitButton(say('continue')), ...(link ? [] : [quietButton(say('noCode'), toggleHelp)]), wizard.cancelButton()],
      })
      const isRefused = error?.code === 'recovery_failed'
      input.readOnly = busy
      input.ariaInvalid = isRefused ? 'true' : null
      if (isRefused) input.select()
    }
    const step = { render: () => (isHelpShown ? showHelp() : showForm()), cancel: leave }
    wizard.showStep(step)
  })
}

/** Asks whether to leave, because a code or link has been used that cannot be used again. */
function askToLeave(wizard: Wizard): NonNullable<EnrollmentViewOptions['askToLeave']> {
  const { say } = wizard
  return ({ stay, leave }) => {
    const render = () =>
      wizard.show({
        key: 'leave',
        icon: ICONS.stop,
        title: say('leaveTitle'),
        text: say('leaveText'),
        onCancel: stay,
        onSubmit: stay,
        actions: () => [submitButton(say('goOn')), quietButton(say('leave'), leave)],
      })
    wizard.showStep({ render, cancel: leave })
  }
}
