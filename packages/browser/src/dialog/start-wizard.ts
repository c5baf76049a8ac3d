import type { EnrollableMethod } from '../enroll/enrollment.ts'
import type { Flow } from '../stile.ts'
import { type EnrollmentViewOptions, showEnrollment } from './enrollment/enrollment-view.ts'
import { createWizard, type Wizard, type WizardOptions } from './wizard/wizard.ts'

/** One method is started at once; the subject chooses from several, and from all if none is named. */
type EnrollmentGoal = Readonly<{
  kind: 'enrollment'
  methods?: EnrollableMethod | readonly EnrollableMethod[] | undefined
  /** What people read for what they asked for, if that is why they enrol. */
  label?: string | undefined
  /** The step-up that waits for it. */
  stepUp?: Flow | undefined
}>

/** What the subject wants of the wizard. */
export type WizardGoal =
  | EnrollmentGoal
  /** `link`: the token of an administrator's recovery link. */
  | Readonly<{ kind: 'recovery'; link?: string | undefined }>
  | Readonly<{ kind: 'recovery-codes' }>

/** A wizard that is under way. */
export type StartedWizard = Pick<Wizard, 'render'> &
  Readonly<{
    /** Ends it, whatever step it is at. */
    cancel: () => void
    /** Whether something was enrolled, or recovery codes were made. */
    done: Promise<boolean>
  }>

/** What a dialog shows at the moment, and what it shows it with. */
export type DialogContent = Pick<WizardOptions, 'client' | 'frame' | 'styles' | 'texts'> & {
  /** Who is signed in, as people know it. */
  userName: () => string | undefined
  stepUp: Flow | undefined
  /** It may be under the step-up. */
  wizard: StartedWizard | undefined
}

/** Where a wizard is started. */
export type StartOptions = Readonly<{
  content: DialogContent
  /** Whether a step-up that has just ended leads to it. */
  isAfterStepUp: boolean
}>

/**
 * Leads the subject through enrolment, recovery or the making of recovery codes; while a wizard is under way, that one goes on instead.
 * An enrolment that a step-up waits for ends with that step-up. Loaded when one of them begins.
 *
 * @returns whether something was enrolled, or recovery codes were made
 */
export async function startWizard(goal: WizardGoal, { content, isAfterStepUp }: StartOptions): Promise<boolean> {
  // a wizard that asked for the step-up ends first
  if (isAfterStepUp && goal.kind === 'recovery') await content.wizard?.done
  const errors = await import('./texts/error-text.ts')
  if (content.wizard) return content.wizard.done
  const { label, stepUp }: Partial<EnrollmentGoal> = goal.kind === 'enrollment' ? goal : {}
  const isAwaited = () => !stepUp || stepUp.get().status === 'enrolling'
  // the dialog, or who waits for it, has gone while this was loaded
  if (!content.styles.scope.host.isConnected || !isAwaited()) return false
  const wizard = createWizard({
    ...content,
    errors,
    user: content.userName(),
    label,
    isStepUpShown: () => !!content.stepUp,
  })
  const unsubscribe = stepUp?.subscribe(() => {
    if (!isAwaited()) wizard.end()
  })
  const done = reach(goal, wizard).finally(() => {
    unsubscribe?.()
    wizard.end()
    content.wizard = undefined
    if (!content.stepUp) content.frame.close()
  })
  content.wizard = { render: wizard.render, cancel: wizard.end, done }
  return done
}

async function reach(goal: WizardGoal, wizard: Wizard): Promise<boolean> {
  switch (goal.kind) {
    case 'enrollment':
      return enroll(wizard, { methods: goal.methods, intro: goal.label && wizard.say('enrollOnce') })
    case 'recovery': {
      const { showRecovery } = await import('./recovery/recovery-view.ts')
      const next = await showRecovery(wizard, { link: goal.link })
      return next ? enroll(wizard, next) : false
    }
    case 'recovery-codes': {
      const { showRecoveryCodes } = await loadRecoveryCodes()
      return showRecoveryCodes(wizard, { isRequested: true })
    }
  }
}

/** Enrols. Then subjects without recovery codes have something to lose, and are offered some. */
async function enroll(wizard: Wizard, options: EnrollmentViewOptions): Promise<boolean> {
  const loading = loadRecoveryCodes().catch(() => undefined)
  const isEnrolled = await showEnrollment(wizard, options)
  // whatever becomes of the offer, something is enrolled
  if (isEnrolled && !wizard.hasEnded()) await (await loading)?.showRecoveryCodes(wizard, { isRequested: false }).catch(() => {})
  return isEnrolled
}

function loadRecoveryCodes(): Promise<typeof import('./recovery/recovery-codes-view.ts')> {
  return import('./recovery/recovery-codes-view.ts')
}
