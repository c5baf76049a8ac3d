import type { Method } from '@stile/protocol'
import type { EnrollableMethod } from '../../enroll/enrollment.ts'
import type { FlowState } from '../../stile.ts'
import { FEEDBACK_STYLES } from '../elements/feedback-styles.ts'
import { ICONS } from '../elements/more-icons.ts'
import { ignoreHaste } from '../frame/haste.ts'
import { adoptStyles, button, createSay, PROMPT_TEXTS, quietButton, type StyleTarget, submitButton, type Texts } from '../parts.ts'
import { STEP_UP_TEXTS } from '../texts/step-up-texts.ts'
import { createChoiceView } from './choice-view.ts'
import type { EmailView } from './email-view.ts'
import type { AddOperation, OpenFlowState, StepUpPrompt, WaysView } from './step-up-view.ts'
import { WAYS_STYLES } from './styles.ts'

/** What the ways view works with. */
export type WaysViewOptions = Readonly<{
  prompt: StepUpPrompt
  styles: StyleTarget
  /** The application's own sentences. */
  texts: Partial<Texts> | undefined
}>

/** How long a service that could not be reached is left alone. */
const RETRY_MS = 4000
/** How long the confirmation stays. */
const DONE_MS = 700

type Failed = Extract<FlowState, { status: 'failed' }>

const ENROLLABLE: Readonly<Record<EnrollableMethod, true>> = { passkey: true, 'security-key': true, totp: true }
const isEnrollable = (method: string): method is EnrollableMethod => Object.hasOwn(ENROLLABLE, method)

/** Creates the views of every method that the first prompt does not show, of the choice, and of how a step-up ended. */
export async function createWaysView({ prompt, styles, texts }: WaysViewOptions): Promise<WaysView> {
  adoptStyles(styles, FEEDBACK_STYLES)
  ignoreHaste(styles.scope)
  adoptStyles(styles, WAYS_STYLES)
  const { flow, show, cancelButton } = prompt
  const { feature, operation } = flow
  const { ERROR_TEXTS, errorText } = await import('../texts/error-text.ts')
  const say = createSay({ ...PROMPT_TEXTS, ...STEP_UP_TEXTS, ...ERROR_TEXTS, ...texts })
  const addOperation: AddOperation = operation
    ? (await import('./operation-view.ts')).createOperationView({ feature, operation }, { styles, texts })
    : // what a feature of Stile itself is for, if the application does not say it
      (view) => (view.text ? view : { ...view, text: say(feature) })
  const alertOf = (state: FlowState) => ('error' in state ? errorText(say, state.error, 'method' in state ? state.method : undefined) : '')

  /** Leaves for recovery. The step-up ends, and its callers learn that it was cancelled. */
  const recover = () => {
    prompt.finish({ kind: 'recovery' })
    flow.cancel()
  }
  const recoverButton = () => button({ label: say('none'), onClick: recover, part: 'link' })
  const leaveButton = ({ methods }: OpenFlowState) =>
    methods.length > 1 ? button({ label: say('another'), onClick: prompt.showChoice }) : recoverButton()

  const showChoice = createChoiceView({ prompt, say, recoverButton })

  let emailView: EmailView | 'loading' | 'missing' | undefined
  const loadEmailView = async () => {
    emailView = 'loading'
    prompt.showWaiting()
    emailView = await import('./email-view.ts').then(
      ({ createEmailView }) => createEmailView({ prompt, say, leaveButton }),
      () => 'missing',
    )
    prompt.render()
  }
  /** Its view is loaded when the first code is asked for: a mail takes longer. */
  const showEmail = (state: OpenFlowState) => {
    if (emailView === undefined) loadEmailView()
    else if (emailView === 'loading') prompt.showWaiting()
    else if (emailView === 'missing') prompt.showUnreachable(say('service_unavailable'), loadEmailView)
    else emailView(state, alertOf(state))
  }

  const showSecurityKey = (state: OpenFlowState) =>
    show({
      key: 'security-key',
      icon: ICONS.usb,
      busy: true,
      text: say(state.status === 'verifying' ? 'wait' : 'touchKey'),
      alert: alertOf(state),
      actions: () => [leaveButton(state), cancelButton()],
    })

  const showRelogin = (state: OpenFlowState) => {
    const { hint: host, why } = state.stepUp.methods.find(({ method }) => method === 'relogin') ?? {}
    // the application's own sign-in must not lie behind a modal dialog
    if (!host) return prompt.close()
    show({
      key: 'relogin',
      icon: ICONS.door,
      title: say('useReloginAt', { host }),
      busy: true,
      text: state.status === 'verifying' ? say('wait') : `${say(why ?? '')} ${say('signIn')}`,
      actions: () => [button({ label: say('signInAgain'), onClick: () => prompt.choose('relogin') }), leaveButton(state), cancelButton()],
    })
  }

  /** What the subject can do about a step-up that failed. */
  const remedyOf = ({ code }: Failed) => {
    if (code === 'method_unavailable') return { label: say('useRecovery'), leaveLabel: say('close'), next: { kind: 'recovery' } as const }
    return undefined
  }
  const showFailed = (state: Failed) => {
    const { code, problem } = state
    const remedy = remedyOf(state)
    const leave = () => prompt.finish()
    show({
      key: 'failed',
      icon: ICONS.stop,
      alert: errorText(say, { ...problem, code }),
      onCancel: leave,
      onSubmit: () => prompt.finish(remedy?.next),
      actions: () => (remedy ? [submitButton(remedy.label), quietButton(remedy.leaveLabel, leave)] : [submitButton(say('close'))]),
    })
  }

  /** The service could not be reached, and is asked again by itself. */
  const showUnreached = ({ error }: Extract<FlowState, { status: 'starting' }>) => {
    prompt.runLater(flow.retry, RETRY_MS)
    prompt.showUnreachable(say([error?.code, 'failed']), flow.retry)
  }

  const showDone = () => {
    const leave = () => prompt.finish()
    show({ key: 'done', icon: ICONS.done, title: say('done'), onCancel: leave, actions: () => [] })
    prompt.runLater(leave, DONE_MS)
  }

  const showMethod = (state: OpenFlowState, method: Method | undefined) => {
    switch (method) {
      case 'email-otp':
        return showEmail(state)
      case 'security-key':
        return showSecurityKey(state)
      // passkeys and authenticator codes are shown by the first prompt
      default:
        return showRelogin(state)
    }
  }
  return {
    addOperation,
    alertOf,
    render: (state, isChoosing) => {
      if (state.status === 'failed') return showFailed(state)
      if (state.status === 'enrolling') {
        const methods = state.problem.next?.methods?.filter(isEnrollable)
        return prompt.finish({ kind: 'enrollment', methods, label: prompt.label })
      }
      if (state.status === 'starting') return showUnreached(state)
      if (state.status === 'done') return showDone()
      if (!('stepUp' in state)) return
      if (isChoosing && state.methods.length < 2) return recover()
      if (state.status === 'choosing' || isChoosing) return showChoice(state, alertOf(state))
      showMethod(state, state.method)
    },
  }
}
