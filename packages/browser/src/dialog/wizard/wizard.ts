import type { Method } from '@stile/protocol'
import { StileError, toStileError } from '../../base.ts'
import { type EnrollmentClient, holderOf } from '../../enroll/gated.ts'
import { flowError } from '../../failure.ts'
import type { FlowError, Stile } from '../../stile.ts'
import { FEEDBACK_STYLES } from '../elements/feedback-styles.ts'
import { FIELD_STYLES } from '../elements/field-styles.ts'
import { ICONS } from '../elements/more-icons.ts'
import type { DialogFrame, DialogView } from '../frame/frame.ts'
import { ignoreHaste } from '../frame/haste.ts'
import { adoptStyles, createSay, PROMPT_TEXTS, quietButton, type Say, type StyleTarget, type Texts } from '../parts.ts'
import { CODE_TEXTS } from '../texts/code-texts.ts'
import { ENROLLMENT_TEXTS } from '../texts/enrollment-texts.ts'
import type * as Errors from '../texts/error-text.ts'
import { STEP_UP_TEXTS } from '../texts/step-up-texts.ts'
import { WIZARD_STYLES } from './styles.ts'

/** What the wizard needs of the client. */
export type WizardClient = EnrollmentClient & Pick<Stile, 'subscribe'>

/** What the wizard works with. */
export type WizardOptions = Readonly<{
  client: WizardClient
  frame: DialogFrame
  styles: StyleTarget
  /** The application's own sentences. */
  texts: Partial<Texts> | undefined
  /** The sentences of what can go wrong. */
  errors: typeof Errors
  /** Who is signed in, as people know it. */
  user: string | undefined
  /** What people read for what they asked for, if that is why the wizard opens. */
  label: string | undefined
  /** Whether a step-up is shown at the moment. It goes before the wizard. */
  isStepUpShown: () => boolean
}>

/** One step of the wizard: how it is shown, and how it is left. */
export type WizardStep = Readonly<{ render: () => void; cancel: () => void }>

/** What a step says of its view; the rest is the same for all of them. */
export type WizardView = Partial<DialogView> & Pick<DialogView, 'key' | 'title' | 'actions'>

/** Leads through enrolment, recovery or the making of recovery codes, step by step. */
export type Wizard = Readonly<{
  /** The client; while its `relogin` is under way the dialog is closed. It asks nothing for somebody else than the wizard was opened for. */
  client: EnrollmentClient
  /** The id of the element that tells what went wrong. */
  alertId: string
  /** The sentence that says who is signed in, for a view to which it no longer matters what the wizard opened for. Empty if nobody knows. */
  signedInAs: string
  say: Say
  errorText: (error: FlowError | undefined, method?: Method) => string
  /** What went wrong, as a step shows it. There is nothing to show if the subject closed a prompt. */
  errorOf: (cause: unknown) => FlowError | undefined
  /** The element that the dialog is in. */
  host: Element
  /** Adds the sentences and looks of a view that is loaded later; `pageCss` holds for the page around the dialog. */
  extend: (more: Readonly<{ texts: Partial<Texts>; css: string; pageCss?: string }>) => void
  /** Goes to a step. It is rendered now, and again after a step-up that was shown over it. */
  showStep: (step: WizardStep) => void
  /** Shows a view of the current step. */
  show: (view: WizardView) => void
  cancelButton: () => HTMLButtonElement
  /** Renders the current step, unless something else is shown. */
  render: () => void
  /** Cancels the current step and every later one. Called, too, once somebody else is signed in, or nobody. */
  end: () => void
  hasEnded: () => boolean
}>

/** Creates a wizard that shows nothing yet. */
export function createWizard({ client, frame, styles, texts, errors, user, label, isStepUpShown }: WizardOptions): Wizard {
  adoptStyles(styles, FIELD_STYLES)
  adoptStyles(styles, FEEDBACK_STYLES)
  ignoreHaste(styles.scope)
  adoptStyles(styles, WIZARD_STYLES)
  const table: Record<string, string | undefined> = {
    ...PROMPT_TEXTS,
    ...CODE_TEXTS,
    ...STEP_UP_TEXTS,
    ...errors.ERROR_TEXTS,
    ...ENROLLMENT_TEXTS,
    ...texts,
  }
  const say = createSay(table)
  const signedInAs = user ? say('signedInAs', { user }) : ''
  const about = [label ? say('enrollFor', { feature: label }) : '', signedInAs]
  let isSigningIn = false
  let step: WizardStep | undefined
  let hasEnded = false
  let holder = holderOf(client)
  /** Whether somebody else is signed in by now, or nobody. */
  let isHolderGone = false

  const render = () => {
    if (!isStepUpShown() && !isSigningIn && !hasEnded) step?.render()
  }
  const cancel = () => step?.cancel()
  const end = () => {
    hasEnded = true
    unsubscribe()
    cancel()
  }
  const checkHolder = () => {
    const known = client.get()
    const current = holderOf(client)
    holder ??= current
    // a sign-in that is under way may end the session for a moment
    const isSignedOut = known.status === 'error' && !known.passing && !isSigningIn
    if (!holder || (current ? current === holder : !isSignedOut)) return
    isHolderGone = true
    end()
  }
  const refuseOthers = async () => {
    if (holder && client.get().status === 'loading') await client.refresh()
    if (isHolderGone) throw new StileError('session_ended')
  }
  const request: Stile['request'] = async (...asked) => {
    await refuseOthers()
    const answer = await client.request(...asked)
    await refuseOthers()
    return answer
  }
  /** The application's own sign-in must not lie behind a modal dialog. */
  const relogin = async () => {
    // the dialog asks for a password itself, with a step-up
    if (client.asksPassword) return undefined
    isSigningIn = true
    frame.close()
    let signedIn: boolean | undefined
    try {
      signedIn = await client.relogin()
      return signedIn
    } finally {
      isSigningIn = false
      // after a sign-in the state is read again, which tells whose it is
      if (!signedIn) checkHolder()
      render()
    }
  }
  const unsubscribe = client.subscribe(checkHolder)

  return {
    client: { ...client, request, relogin },
    alertId: frame.alertId,
    signedInAs,
    say,
    errorText: (error, method) => errors.errorText(say, error, method),
    errorOf: (cause) => {
      const error = toStileError(cause, 'internal')
      return error.code === 'step_up_cancelled' ? undefined : flowError(error, Date.now() / 1000)
    },
    host: styles.scope.host,
    extend: ({ texts: more, css, pageCss }) => {
      adoptStyles(styles, css)
      if (pageCss) adoptStyles({ ...styles, scope: document }, pageCss)
      Object.assign(table, more, texts)
    },
    showStep: (next) => {
      step = next
      if (hasEnded) cancel()
      else render()
    },
    show: (view) => frame.show({ icon: ICONS.passkey, text: '', about, isStep: true, onCancel: cancel, ...view }),
    cancelButton: () => quietButton(say('cancel'), cancel),
    render,
    end,
    hasEnded: () => hasEnded,
  }
}
