import { ICONS } from '../elements/more-icons.ts'
import { adoptStyles, button, createSay, element, type Say, type StyleTarget, submitButton, type Texts } from '../parts.ts'
import { PASSWORD_TEXTS } from '../texts/password-texts.ts'
import type { OpenFlowState, StepUpPrompt } from './step-up-view.ts'

const STYLES = `
[part="password"] {
  grid-template-columns: 1fr auto;
  button {
    width: auto;
  }
}`

/** What the password view works with. */
export type PasswordViewOptions = Readonly<{
  prompt: StepUpPrompt
  say: Say
  styles: StyleTarget
  /** The application's own sentences. */
  texts: Partial<Texts> | undefined
  /** Makes the button for subjects who cannot use this method. */
  leaveButton: (state: OpenFlowState) => HTMLButtonElement
}>

/** Creates the view that asks for the password, which the application checks. Loaded when it is first asked for. */
export function createPasswordView({
  prompt,
  say: sayOfStepUp,
  styles,
  texts,
  leaveButton,
}: PasswordViewOptions): (state: OpenFlowState, alert: string) => void {
  adoptStyles(styles, STYLES)
  const say = createSay({ ...PASSWORD_TEXTS, ...texts })
  const input = element('input', {
    part: 'input',
    type: 'password',
    autocomplete: 'current-password',
    'aria-describedby': prompt.alertId,
  })
  const { user } = prompt
  // password managers choose by it whose password they fill in
  const username = element('input', { type: 'text', autocomplete: 'username', value: user ?? '', readOnly: true, hidden: true })
  const isShown = () => input.type === 'text'
  const setShown = (next: boolean) => {
    input.type = next ? 'text' : 'password'
    toggle.textContent = say(next ? 'hidePassword' : 'showPassword')
  }
  const toggle = button({
    label: say('showPassword'),
    onClick: () => {
      setShown(!isShown())
      input.focus()
    },
  })
  input.id = 'password'
  const label = element('label', { part: 'label', htmlFor: input.id }, say('password'))
  const field = element('div', { part: 'password' }, input, toggle)

  let isMissing = false
  let wasBusy = false
  const submit = () => {
    isMissing = !input.value
    if (isMissing) {
      prompt.render()
      return input.focus()
    }
    setShown(false)
    prompt.flow.submit({ password: input.value })
  }
  const alertOf = ({ error }: OpenFlowState, alert: string) => {
    if (isMissing) return say('passwordMissing')
    return error?.code === 'relogin_failed' && !error.failure ? say('wrongPassword') : alert
  }

  return (state, alert) => {
    const busy = state.status === 'verifying'
    const { why } = state.stepUp.methods.find(({ method }) => method === 'relogin') ?? {}
    prompt.show({
      key: 'password',
      icon: ICONS.door,
      title: say('passwordTitle'),
      busy,
      text: sayOfStepUp(why ?? ''),
      alert: alertOf(state, alert),
      onSubmit: submit,
      body: () => [...(user ? [username] : []), label, field],
      actions: () => [submitButton(sayOfStepUp('verify')), leaveButton(state), prompt.cancelButton()],
    })
    input.readOnly = busy
    const isRefused = isMissing || !!state.error
    input.ariaInvalid = isRefused && !busy ? 'true' : null
    if (wasBusy && !busy && state.error) input.select()
    wasBusy = busy
  }
}
