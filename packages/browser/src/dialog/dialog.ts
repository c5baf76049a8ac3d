import type { Method } from '@stile/protocol'
import type { EnrollableMethod } from '../enroll/enrollment.ts'
import type { Flow, Stile } from '../stile.ts'
import { createFrame } from './frame/frame.ts'
import { shield } from './frame/shield.ts'
import { FRAME_STYLES } from './frame/styles.ts'
import { adoptStyles, createSay, PROMPT_TEXTS, type Texts } from './parts.ts'
import type { DialogContent, WizardGoal } from './start-wizard.ts'
import { type StepUpPrompt, type StepUpViewOptions, showStepUp } from './step-up/step-up-view.ts'
import type { WizardClient } from './wizard/wizard.ts'

/** How the dialog is shown. */
export type DialogOptions = Readonly<{
  /** The element that `<stile-dialog>` is appended to. Default: `document.body`. */
  root?: Element
  /** Replaces sentences. */
  texts?: Partial<Texts>
  /** What people read for each feature, such as `{ 'reports.export': 'Export reports' }`. */
  labels?: Readonly<Record<string, string>>
  /** Who is signed in, as people know it, such as `ada@example.com`: every view shows it, and password managers fill in by it. */
  user?: string | (() => string | undefined)
  /** The nonce of a Content-Security-Policy. Only browsers without constructable style sheets need it. */
  nonce?: string
}>

/** Unmounts the dialog when called. */
export type MountedDialog = (() => void) &
  Readonly<{
    /**
     * Shows a step-up that `stile.onStepUp` has reported to another handler, such as one that stood in while the dialog was loaded. The
     * promise is for that handler's `waitUntil`: it resolves when it can be shown what the step-up is for.
     */
    show: (flow: Flow) => Promise<void>
    /** Shows enrolment of a method, or of one of several that the subject chooses from. Resolves with whether something was enrolled. */
    enroll: (method?: EnrollableMethod | readonly EnrollableMethod[]) => Promise<boolean>
    /**
     * Leads subjects who lost what they had enrolled through recovery: a code that they saved, or the token of an administrator's `link`, then
     * a new sign-in and enrolment. Resolves with whether something was enrolled.
     */
    recover: (link?: string) => Promise<boolean>
    /** Makes ten recovery codes and shows them once; former codes no longer work. Resolves with whether they were made. */
    recoveryCodes: () => Promise<boolean>
    /**
     * Resolves once the dialog is not open, so at once if it is closed. Behind the open dialog nothing can be focused, and closing it moves
     * the focus back to where it was.
     */
    closed: () => Promise<void>
  }>

/** Mounts the dialog, which shows the step-ups that `stile.onStepUp` reports. */
export function mountDialog(stile: WizardClient & Pick<Stile, 'onStepUp'>, options: DialogOptions = {}): MountedDialog {
  const { root = document.body, texts, labels, user, nonce } = options
  const userName = () => (typeof user === 'function' ? user() : user)
  const host = document.createElement('stile-dialog')
  root.append(host)
  const scope = host.attachShadow({ mode: 'open' })
  const styles = { scope, nonce }
  adoptStyles(styles, FRAME_STYLES)
  const frame = createFrame(scope)
  shield(host)
  const say = createSay({ ...PROMPT_TEXTS, ...texts })
  const content: DialogContent = { client: stile, frame, styles, texts, userName, stepUp: undefined, wizard: undefined }

  const openWizard = async (goal: WizardGoal, isAfterStepUp = false) => {
    const { startWizard } = await import('./start-wizard.ts')
    return startWizard(goal, { content, isAfterStepUp })
  }
  const loadCodeView: StepUpViewOptions['loadCodeView'] = async (view) => {
    const { createCodeView } = await import('./step-up/code-view.ts')
    return createCodeView({ ...view, styles, texts })
  }
  const loadMethodsView = async (prompt: StepUpPrompt) => {
    const { createMethodsView } = await import('./step-up/methods-view.ts')
    return createMethodsView({ prompt, asksPassword: stile.asksPassword, styles, texts })
  }
  const endStepUp = async (next: WizardGoal | undefined) => {
    content.stepUp = undefined
    if (content.wizard) content.wizard.render()
    else frame.close()
    return !!next && openWizard(next, true)
  }
  /** Step-ups that are shown, or are to be. */
  const flows = new Set<Flow>()
  /** Takes the one that is shown off the screen. */
  let stopShowing = () => {}
  /** One is shown when the one before is off the screen. */
  let turn: Promise<unknown> = Promise.resolve()
  /** Resolves when it can be shown what the step-up is for. */
  const show = (flow: Flow) => new Promise<void>((resolve) => showInTurn(flow, resolve))
  const showInTurn = (flow: Flow, onReady: () => void) => {
    flows.add(flow)
    const label = flow.label ?? labels?.[flow.feature]
    const goOn = async (next: WizardGoal | undefined) => {
      const isEnrolled = await endStepUp(next).catch(() => false)
      // what was asked for goes on with what was enrolled for it
      if (flow.get().status !== 'enrolling') flows.delete(flow)
      else if (isEnrolled && host.isConnected) showInTurn(flow, flow.retry)
      else flow.cancel()
    }
    const showNow = () =>
      new Promise<void>((resolve) => {
        content.stepUp = flow
        const onEnd = (next: WizardGoal | undefined) => {
          goOn(next)
          resolve()
        }
        stopShowing = showStepUp({
          flow,
          frame,
          say,
          label,
          user: userName(),
          client: stile,
          loadCodeView,
          loadMethodsView,
          onReady,
          onEnd,
        })
      })
    turn = turn.then(showNow).catch((error) => {
      flow.cancel()
      reportError(error)
    })
  }
  const prepareMethod = async (method: Method) => {
    try {
      await (await import('./step-up/prepare-views.ts')).prepareViews(method)
    } catch {}
  }
  const stopListening = stile.onStepUp((flow, waitUntil) => waitUntil(show(flow)), prepareMethod)

  const unmount = () => {
    stopListening()
    for (const flow of flows) flow.cancel()
    content.wizard?.cancel()
    stopShowing()
    frame.close()
    host.remove()
  }
  return Object.assign(unmount, {
    show,
    enroll: (methods?: EnrollableMethod | readonly EnrollableMethod[]) => openWizard({ kind: 'enrollment', methods }),
    recover: (link?: string) => openWizard({ kind: 'recovery', link }),
    recoveryCodes: () => openWizard({ kind: 'recovery-codes' }),
    closed: frame.closed,
  })
}
