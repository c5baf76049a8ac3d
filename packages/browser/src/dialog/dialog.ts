import type { EnrollableMethod } from '../enroll/enrollment.ts'
import type { EnrollmentClient } from '../enroll/gated.ts'
import type { Flow, Stile } from '../stile.ts'
import { createFrame } from './frame/frame.ts'
import { FRAME_STYLES } from './frame/styles.ts'
import { adoptStyles, createSay, PROMPT_TEXTS, type StyleTarget, type Texts } from './parts.ts'
import type { StartedWizard, WizardGoal } from './start-wizard.ts'
import { type StepUpPrompt, showStepUp } from './step-up/step-up-view.ts'

/** How the dialog is shown. */
export type DialogOptions = Readonly<{
  /** The element that `<stile-dialog>` is appended to. Default: `document.body`. */
  root?: Element
  /** Replaces sentences. */
  texts?: Partial<Texts>
  /** What people read for each feature, such as `{ 'reports.export': 'Export reports' }`. */
  labels?: Readonly<Record<string, string>>
  /** The nonce of a Content-Security-Policy. Only browsers without constructable style sheets need it. */
  nonce?: string
}>

/** Unmounts the dialog when called. */
export type MountedDialog = (() => void) &
  Readonly<{
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

const TAG = 'stile-dialog'

/** Mounts the dialog, which shows the step-ups that `stile.onStepUp` reports. */
export function mountDialog(stile: EnrollmentClient & Pick<Stile, 'onStepUp'>, options: DialogOptions = {}): MountedDialog {
  const { root = document.body, texts, labels, nonce } = options
  if (!customElements.get(TAG)) customElements.define(TAG, class extends HTMLElement {})
  const host = document.createElement(TAG)
  root.append(host)
  const styles: StyleTarget = { scope: host.getRootNode() as Document | ShadowRoot, nonce }
  adoptStyles(styles, FRAME_STYLES)
  const frame = createFrame(host)
  const say = createSay({ ...PROMPT_TEXTS, ...texts })
  let stepUp: Flow | undefined
  /** The wizard under the step-up, and how it ends; it may still be loading. */
  let wizard: StartedWizard | undefined
  let wizardDone: Promise<boolean> | undefined

  const runWizard = async (goal: WizardGoal) => {
    const { startWizard } = await import('./start-wizard.ts')
    wizard = startWizard(goal, { client: stile, frame, styles, texts, isStepUpShown: () => !!stepUp })
    return wizard.done
  }
  /** Starts a wizard; while one is under way, that one goes on instead. */
  const openWizard = (goal: WizardGoal) => {
    wizardDone ??= runWizard(goal).finally(() => {
      wizard = undefined
      wizardDone = undefined
      if (!stepUp) frame.close()
    })
    return wizardDone
  }

  const loadWays = async (prompt: StepUpPrompt) => {
    const { createWaysView } = await import('./step-up/ways-view.ts')
    return createWaysView({ prompt, styles, texts })
  }
  const endStepUp = async (next: WizardGoal | undefined) => {
    stepUp = undefined
    if (wizard) wizard.render()
    else frame.close()
    // a wizard that asked for this step-up ends first
    if (next?.kind === 'recovery') await wizardDone
    return !!next && openWizard(next)
  }
  const show = (flow: Flow) => {
    stepUp = flow
    const label = flow.label ?? labels?.[flow.feature]
    const onEnd = async (next: WizardGoal | undefined) => {
      const isEnrolled = await endStepUp(next).catch(() => false)
      // what was asked for goes on with what was enrolled for it
      if (flow.get().status !== 'enrolling') return
      if (!isEnrolled) return flow.cancel()
      show(flow)
      flow.retry()
    }
    showStepUp({ flow, frame, say, label, loadWays, onEnd })
  }
  const stopListening = stile.onStepUp(show)

  const unmount = () => {
    stopListening()
    stepUp?.cancel()
    wizard?.cancel()
    frame.close()
    host.remove()
  }
  return Object.assign(unmount, {
    enroll: (methods?: EnrollableMethod | readonly EnrollableMethod[]) => openWizard({ kind: 'enrollment', methods }),
    recover: (link?: string) => openWizard({ kind: 'recovery', link }),
    recoveryCodes: () => openWizard({ kind: 'recovery-codes' }),
    closed: frame.closed,
  })
}
