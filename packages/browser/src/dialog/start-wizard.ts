import type { EnrollableMethod } from '../enroll/enrollment.ts'
import { showEnrollment } from './enrollment/enrollment-view.ts'
import { showRecoveryCodes } from './recovery/recovery-codes-view.ts'
import { showRecovery } from './recovery/recovery-view.ts'
import { createWizard, type Wizard, type WizardOptions } from './wizard/wizard.ts'

/** What the subject wants of the wizard. */
export type WizardGoal =
  /** One method is started at once; the subject chooses from several, and from all if none is named. */
  | Readonly<{ kind: 'enrollment'; methods?: EnrollableMethod | readonly EnrollableMethod[] | undefined }>
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
    case 'recovery-codes':
      return showRecoveryCodes(wizard, { isRequested: true })
    case 'recovery':
      return offerCodesAfter(await showRecovery(wizard, { link: goal.link }), wizard)
    case 'enrollment':
      return offerCodesAfter(await showEnrollment(wizard, { methods: goal.methods }), wizard)
  }
}

/** Subjects without recovery codes are offered some once they have something to lose. */
async function offerCodesAfter(isEnrolled: boolean, wizard: Wizard): Promise<boolean> {
  if (isEnrolled) await showRecoveryCodes(wizard, { isRequested: false })
  return isEnrolled
}
