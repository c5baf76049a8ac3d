import type { StepUpOptions, Stile, StileCode } from '@stile/browser'
import { type DialogOptions, mountDialog } from '@stile/browser/dialog'
import type { EnrollableMethod } from '@stile/browser/enroll'
import { adoptGateStyles } from './gate-styles.ts'

/** How a click on a gate's button ended. */
export type Outcome = 'proven' | 'enrolled' | 'cancelled' | 'failed'

/** What a gate's button asks for. */
export type ConfirmOptions = Readonly<{
  feature: string
  /** How to step up. Without it something is enrolled that can prove the feature. */
  stepUp: StepUpOptions | undefined
  /** What can prove the feature: enrolling anything else would lead back to the same card. */
  methods: readonly EnrollableMethod[] | undefined
  /** Called after success, once the page can take the focus. */
  onClosed: () => void
}>

/** What the provider loads once the page stands. */
export type Mounted = Readonly<{
  unmount: () => void
  /** Opens the enrolment dialog; resolves with whether something was enrolled. Without the dialog nothing is. */
  enroll: () => Promise<boolean>
  /** Opens recovery, with a code or a link; resolves with whether something was enrolled. */
  recover: (link?: string) => Promise<boolean>
  /** Makes recovery codes and shows them; resolves with whether they were made. */
  recoveryCodes: () => Promise<boolean>
  /** Steps up for a feature or enrols something for it. Never rejects. */
  confirm: (options: ConfirmOptions) => Promise<Outcome>
}>

/** Adopts the looks of the cards and mounts the dialog, unless the application shows step-ups itself. */
export function mount(client: Stile, options: DialogOptions | false): Mounted {
  adoptGateStyles()
  const dialog = options ? mountDialog(client, options) : undefined
  const enroll = async (methods?: readonly EnrollableMethod[]) => !!(await dialog?.enroll(methods))

  const confirm = async ({ feature, stepUp, methods, onClosed }: ConfirmOptions): Promise<Outcome> => {
    try {
      if (stepUp) await client.stepUp(feature, stepUp).done
      else if (!(await enroll(methods))) return 'cancelled'
    } catch (error) {
      const { code } = error as { code?: StileCode }
      return code === 'step_up_cancelled' ? 'cancelled' : 'failed'
    }
    // the content is rendered after this returns; before the dialog is closed it cannot be focused
    const closed = dialog?.closed() ?? Promise.resolve()
    closed.then(() => setTimeout(onClosed))
    return stepUp ? 'proven' : 'enrolled'
  }
  return {
    unmount: () => dialog?.(),
    enroll: () => enroll(),
    recover: async (link) => !!(await dialog?.recover(link)),
    recoveryCodes: async () => !!(await dialog?.recoveryCodes()),
    confirm,
  }
}
