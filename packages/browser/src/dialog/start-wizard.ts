import type { EnrollableMethod } from '../enroll/enrollment.ts'
import { type EnrollmentViewOptions, showEnrollment } from './enrollment/enrollment-view.ts'
import { createWizard, type Wizard, type WizardOptions } from './wizard/wizard.ts'

/** What the subject wants of the wizard. */
export type WizardGoal =
  /** One method is started at once; the subject chooses from several, and from all if none is named. */
  | Readonly<{
      kind: 'enrollment'
      methods?: EnrollableMethod | readonly EnrollableMethod[] | undefined
      /** What people read for what they asked for, if that is why they enrol. */
      label?: string | undefined
    }>
  /** `link`: the token of an administrator's recovery link. */
  | Readonly<{ kind: 'recovery'; link?: string | undefined }>
  | Readonly<{ kind: 'recovery-codes' }>

/** A wizard that is under way. */
export type StartedWizard = Pick<Wizard, 'render' | 'cancel'> &
  Readonly<{
    /** Whether something was enrolled, or recovery codes were made. */
    done: Promise<boolean>
  }>

/** Leads the subject through enrolment, recovery or the making of recovery codes. Loaded when one of them begins. */
export function startWizard(goal: WizardGoal, options: WizardOptions): StartedWizard {
  const wizard = createWizard(options)
  return { render: wizard.render, cancel: wizard.cancel, done: reach(goal, wizard) }
}

async function reach(goal: WizardGoal, wizard: Wizard): Promise<boolean> {
  switch (goal.kind) {
    case 'enrollment':
      return enroll(wizard, { methods: goal.methods, intro: goal.label && wizard.say('enrollFor', { feature: goal.label }) })
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
  if (isEnrolled) await (await loading)?.showRecoveryCodes(wizard, { isRequested: false })
  return isEnrolled
}

function loadRecoveryCodes(): Promise<typeof import('./recovery/recovery-codes-view.ts')> {
  return import('./recovery/recovery-codes-view.ts')
}
