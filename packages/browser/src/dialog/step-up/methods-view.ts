import type { Method } from '@stile/protocol'
import type { EnrollableMethod } from '../../enroll/enrollment.ts'
import type { FlowState } from '../../stile.ts'
import { FEEDBACK_STYLES } from '../elements/feedback-styles.ts'
import { FIELD_STYLES } from '../elements/field-styles.ts'
import { ICONS } from '../elements/more-icons.ts'
import { ignoreHaste } from '../frame/haste.ts'
import { adoptStyles, button, createSay, PROMPT_TEXTS, quietButton, type StyleTarget, submitButton, type Texts } from '../parts.ts'
import { CODE_TEXTS } from '../texts/code-texts.ts'
import { STEP_UP_TEXTS } from '../texts/step-up-texts.ts'
import { createChoiceView } from './choice-view.ts'
import type { AddOperation, MethodsView, OpenFlowState, StepUpPrompt } from './step-up-view.ts'
import { METHODS_STYLES } from './styles.ts'

/** What the view of the methods works with. */
export type MethodsViewOptions = Readonly<{
  prompt: StepUpPrompt
  /** Whether the application checks a password that is asked for here. */
  asksPassword: boolean
  styles: StyleTarget
  /** The application's own sentences. */
  texts: Partial<Texts> | undefined
}>

/** How long a service that could not be reached is left alone. */
const RETRY_MS = 4000
/** What was asked for goes on first: drawing the confirmation would keep it waiting. */
const DONE_AFTER_MS = 60
/** How long the confirmation stays. */
const DONE_MS = 700

/** A view of one method. */
type LazyView = (state: OpenFlowState, alert: string) => void
type Failed = Extract<FlowState, { status: 'failed' }>

const ENROLLABLE: Readonly<Record<EnrollableMethod, true>> = { passkey: true, 'security-key': true, totp: true }
const isEnrollable = (method: string): method is EnrollableMethod => Object.hasOwn(ENROLLABLE, method)

/** Creates the views of every method that the first prompt does not show, of the choice, and of how a step-up ended. */
export async function createMethodsView({ prompt, asksPassword, styles, texts }: MethodsViewOptions): Promise<MethodsView> {
  adoptStyles(styles, FIELD_STYLES)
  adoptStyles(styles, FEEDBACK_STYLES)
  ignoreHaste(styles.scope)
  adoptStyles(styles, METHODS_STYLES)
  const { flow, show, cancelButton } = prompt
  const { feature, operation } = flow
  const { ERROR_TEXTS, errorText } = await import('../texts/error-text.ts')
  const say = createSay({ ...PROMPT_TEXTS, ...CODE_TEXTS, ...STEP_UP_TEXTS, ...ERROR_TEXTS, ...texts })
  const addOperation: AddOperation = operation
    ? (await import('./operation-view.ts')).createOperationView({ feature, operation }, { styles, texts })
    : // what a feature of Stile itself is for, if the application does not say it
      (view) => (view.about?.[0] === '' ? { ...view, about: [say(feature), ...view.about.slice(1)] } : view)
  const alertOf = (state: FlowState) => ('error' in state ? errorText(say, state.error, 'method' in state ? state.method : undefined) : '')

  /** Leaves for recovery. The step-up ends, and its callers learn that it was cancelled. */
  const recover = () => {
    prompt.finish({ kind: 'recovery' })
    flow.cancel()
  }
  const recoverButton = (label: string) => button({ label, onClick: recover, part: 'link' })
  /** The method that was under way when the subject asked for another. */
  let leftMethod: Method | undefined
  const openChoice = () => {
    leftMethod = methodOf(flow.get())
    prompt.render()
  }
  const closeChoice = () => {
    leftMethod = undefined
    prompt.render()
  }
  /** Starts a method, also one that is under way. */
  const choose = (method: Method) => {
    leftMethod = undefined
    flow.choose(method)
  }
  const leaveButton = ({ methods }: OpenFlowState) =>
    methods.length > 1 ? button({ label: say('another'), onClick: openChoice }) : recoverButton(say('none'))

  const showChoice = createChoiceView({ prompt, say, choose, closeChoice, recoverButton })

  /** Shows a view that is loaded when it is first needed. */
  const createLazyView = (loadView: () => Promise<LazyView>): ((state: OpenFlowState) => void) => {
    let view: LazyView | 'loading' | 'missing' | undefined
    const begin = async () => {
      view = 'loading'
      prompt.showWaiting()
      view = await loadView().catch(() => 'missing' as const)
      prompt.render()
    }
    return (state) => {
      if (view === undefined) begin()
      else if (view === 'loading') prompt.showWaiting()
      else if (view === 'missing') prompt.showUnreachable(say('service_unavailable'), begin)
      else view(state, alertOf(state))
    }
  }
  // a mail takes longer than its view
  const showEmail = createLazyView(async () => (await import('./email-view.ts')).createEmailView({ prompt, say, choose, leaveButton }))
  const showPassword = createLazyView(async () =>
    (await import('./password-view.ts')).createPasswordView({ prompt, say, styles, texts, leaveButton }),
  )

  const showSecurityKey = (state: OpenFlowState) =>
    show({
      key: 'security-key',
      icon: ICONS.usb,
      busy: true,
      text: say('touchKey'),
      alert: alertOf(state),
      actions: () => [leaveButton(state), cancelButton()],
    })

  const showRelogin = (state: OpenFlowState) => {
    const { hint: host, why } = state.stepUp.methods.find(({ method }) => method === 'relogin') ?? {}
    if (!host && asksPassword) return showPassword(state)
    // the application's own sign-in must not lie behind a modal dialog
    if (!host) return prompt.close()
    show({
      key: 'relogin',
      icon: ICONS.door,
      title: say('useReloginAt', { host }),
      busy: true,
      text: `${say(why ?? '')} ${say('signIn')}`.trim(),
      actions: () => [button({ label: say('signInAgain'), onClick: () => choose('relogin') }), leaveButton(state), cancelButton()],
    })
  }

  /** What the subject can do about a step-up that failed. */
  const remedyOf = (state: Failed) => {
    if (state.code === 'method_unavailable' && !canOnlySignIn(state))
      return { label: say('useRecovery'), leaveLabel: say('close'), next: { kind: 'recovery' } as const }
    return undefined
  }
  const showFailed = (state: Failed) => {
    const { code, problem } = state
    const remedy = remedyOf(state)
    const leave = () => prompt.finish()
    show({
      key: 'failed',
      icon: ICONS.stop,
      // nothing will hold
      about: [],
      alert: canOnlySignIn(state) ? say('relogin_unavailable') : errorText(say, { ...problem, code }),
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
    prompt.runLater(() => {
      show({ key: 'done', icon: ICONS.done, title: say('done'), about: [], onCancel: leave, actions: () => [] })
      prompt.runLater(leave, DONE_MS)
    }, DONE_AFTER_MS)
  }

  const showMethod = (state: OpenFlowState, method: Method | undefined) => {
    switch (method) {
      case 'email-otp':
        return showEmail(state)
      case 'security-key':
        return showSecurityKey(state)
      default:
        return showRelogin(state)
    }
  }
  const showOpen = (state: OpenFlowState) => {
    const method = methodOf(state)
    const isChoosing = leftMethod !== undefined && leftMethod === method
    if (isChoosing && state.methods.length < 2) recover()
    else if (state.status === 'choosing' || isChoosing) showChoice(state, alertOf(state))
    else if (method === 'passkey' || method === 'totp') return false
    else showMethod(state, method)
    return true
  }
  return {
    addOperation,
    alertOf,
    showChoice: openChoice,
    render: (state) => {
      // passkeys and authenticator codes are shown by the first prompt
      if ('stepUp' in state) return showOpen(state)
      if (state.status === 'failed') showFailed(state)
      else if (state.status === 'enrolling')
        prompt.finish({ kind: 'enrollment', methods: state.problem.next?.methods?.filter(isEnrollable), label: prompt.label, stepUp: flow })
      else if (state.status === 'starting') showUnreached(state)
      else if (state.status === 'done') showDone()
      return true
    },
  }
}

function methodOf(state: FlowState): Method | undefined {
  return 'method' in state ? state.method : undefined
}

/** Whether the one way was to sign in again, and that is not possible here. */
function canOnlySignIn({ code, problem }: Failed): boolean {
  return code === 'method_unavailable' && !!problem?.next?.methods?.every((method) => method === 'relogin')
}
