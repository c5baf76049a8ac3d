import { createCodeField } from '../elements/code-field.ts'
import { FIELD_STYLES } from '../elements/field-styles.ts'
import { adoptStyles, createSay, PROMPT_ICONS, type StyleTarget, submitButton, type Texts } from '../parts.ts'
import { CODE_TEXTS } from '../texts/code-texts.ts'
import type { OpenFlowState, StepUpPrompt } from './step-up-view.ts'

/** What the view of a code works with. */
export type CodeViewOptions = Readonly<{
  prompt: StepUpPrompt
  styles: StyleTarget
  /** The application's own sentences. */
  texts: Partial<Texts> | undefined
  /** Makes the button for who has no code at hand. */
  leaveButton: (state: OpenFlowState) => HTMLButtonElement
}>

/** Shows the view of a code, with what went wrong. */
export type CodeView = (state: OpenFlowState, alert: string | undefined) => void

/** Creates the view for a code of an authenticator app. It is loaded if a step-up of the state begins with one, or when one is chosen. */
export function createCodeView({ prompt, styles, texts, leaveButton }: CodeViewOptions): CodeView {
  adoptStyles(styles, FIELD_STYLES)
  const say = createSay({ ...CODE_TEXTS, ...texts })
  const codeField = createCodeField({
    label: say('code'),
    describedBy: prompt.alertId,
    onCode: (code) => prompt.flow.submit({ code }),
    onIncomplete: prompt.render,
  })
  return (state, alert) => {
    const busy = state.status === 'verifying'
    prompt.show({
      key: 'totp',
      icon: PROMPT_ICONS.phone,
      busy,
      alert: codeField.isIncomplete() ? say('incomplete') : alert,
      onSubmit: codeField.submit,
      body: () => [codeField.field],
      actions: () => [submitButton(say('verify')), leaveButton(state), prompt.cancelButton()],
    })
    codeField.mark({ busy, wrong: state.error?.code === 'attempt_failed' })
  }
}
