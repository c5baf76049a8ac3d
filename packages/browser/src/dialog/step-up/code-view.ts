import { FEEDBACK_STYLES } from '../elements/feedback-styles.ts'
import { adoptStyles, createCodeField, PROMPT_ICONS, type Say, type StyleTarget, submitButton } from '../parts.ts'
import type { OpenFlowState, StepUpPrompt } from './step-up-view.ts'

/** What the view of an authenticator app's code works with. */
export type CodeViewOptions = Readonly<{
  prompt: StepUpPrompt
  say: Say
  styles: StyleTarget
}>

/** Shows a step-up that asks for the code of an authenticator app. */
export type CodeView = (state: OpenFlowState, alert: string | undefined) => void

/** Creates the view of an authenticator app's code. Loaded once such a code is what a gate would ask for, or when a step-up asks for one. */
export function createCodeView({ prompt, say, styles }: CodeViewOptions): CodeView {
  adoptStyles(styles, FEEDBACK_STYLES)
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
      actions: () => [submitButton(say('verify')), prompt.leaveButton(state), prompt.cancelButton()],
    })
    codeField.mark({ busy, wrong: !!state.error })
  }
}
