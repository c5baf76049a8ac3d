import type { StepUpOptions, Stile, StileError } from '@stile/browser'
import { type DialogOptions, mountDialog } from '@stile/browser/dialog'
import type { EnrollableMethod } from '@stile/browser/enroll'
import { adoptGateStyles } from '../gate/styles.ts'

/** How a click on a gate's button ended. */
export type Outcome = 'proven' | 'enrolled' | 'cancelled' | 'failed'

/** What the provider loads once the page stands. */
export type Mounted = Readonly<{
  unmount: () => void
  /** Opens the enrolment dialog; resolves with whether something was enrolled. Without the dialog nothing is. */
  enroll: () => Promise<boolean>
  /** Opens recovery, with a code or a link; resolves with whether something was enrolled. */
  recover: (link?: string) => Promise<boolean>
  /** Makes recovery codes and shows them; resolves with whether they were made. */
  recoveryCodes: () => Promise<boolean>
  /** Steps up for the feature, or enrols something where `options` is missing. Never rejects; `focus` is called once the page takes it. */
  confirm: (feature: string, options: StepUpOptions | undefined, focus: () => void) => Promise<Outcome>
}>

/** Adopts the cards' looks and mounts the dialog, unless the application shows step-ups itself. */
export function mount(client: Stile, options: DialogOptions | false): Mounted {
  adoptGateStyles()
  const dialog = options ? mountDialog(client, options) : undefined
  const enroll = async (methods?: readonly EnrollableMethod[]) => !!(await dialog?.enroll(methods))
  /** Only what can prove the feature: anything else would lead back to the same card. */
  const enrollFor = (feature: string) => {
    const known = client.get()
    const decision = known.status === 'ready' ? known.state.decisions[feature] : undefined
    return enroll(decision?.outcome === 'enroll' ? (decision.next.methods as readonly EnrollableMethod[]) : undefined)
  }

  const confirm: Mounted['confirm'] = async (feature, asked, focus) => {
    try {
      if (asked) await client.stepUp(feature, asked).done
      else if (!(await enrollFor(feature))) return 'cancelled'
    } catch (error) {
      return (error as StileError).code === 'step_up_cancelled' ? 'cancelled' : 'failed'
    }
    // behind a modal dialog nothing can be focused, and closing it gives the focus back to a button that is gone
    const modal = document.querySelector('stile-dialog [open]')
    if (modal) modal.addEventListener('close', focus, { once: true })
    else setTimeout(focus)
    return asked ? 'proven' : 'enrolled'
  }
  return {
    unmount: () => dialog?.(),
    enroll: () => enroll(),
    recover: async (link) => !!(await dialog?.recover(link)),
    recoveryCodes: async () => !!(await dialog?.recoveryCodes()),
    confirm,
  }
}
