import type { StepUpOptions, Stile, StileCode } from '@stile/browser'
import { type DialogOptions, mountDialog } from '@stile/browser/dialog'
import { Card } from '../cards/card.tsx'
import { adoptGateStyles } from '../cards/card-styles.ts'

/** How a click on a gate's button ended. */
export type Outcome = 'proven' | 'cancelled' | 'failed'

/** What a gate's button asks for. */
export type ConfirmOptions = Readonly<{
  feature: string
  /** How to step up. Who has nothing enrolled is led to it first. */
  stepUp: StepUpOptions
  /** Called after success, once the page can take the focus. */
  onClosed: () => void
}>

/** What the provider loads once the page stands. */
export type Mounted = Readonly<{
  Card: typeof Card
  /** What the cards of a closed gate need that leads to no prompt: `undefined` until it is loaded, `null` if it cannot be. */
  closed?: typeof import('../cards/closed.ts') | null
  /** The same, once `closed` is settled. Never rejects. */
  withClosedCards: () => Promise<Mounted>
  unmount: () => void
  /** Opens the enrolment dialog; resolves with whether something was enrolled. Without the dialog nothing is. */
  enroll: () => Promise<boolean>
  /** Opens recovery, with a code or a link; resolves with whether something was enrolled. */
  recover: (link?: string) => Promise<boolean>
  /** Makes recovery codes and shows them; resolves with whether they were made. */
  recoveryCodes: () => Promise<boolean>
  /** Steps up for a feature. Never rejects. */
  confirm: (options: ConfirmOptions) => Promise<Outcome>
}>

/** Adopts the looks of the cards and mounts the dialog, unless the application shows step-ups itself. */
export function mount(client: Stile, options: DialogOptions | false): Mounted {
  adoptGateStyles()
  const dialog = options ? mountDialog(client, options) : undefined
  const confirm = async ({ feature, stepUp, onClosed }: ConfirmOptions): Promise<Outcome> => {
    try {
      await client.stepUp(feature, stepUp).done
    } catch (error) {
      const { code } = error as { code?: StileCode }
      return code === 'step_up_cancelled' ? 'cancelled' : 'failed'
    }
    // the content is rendered after this returns; before the dialog is closed it cannot be focused
    const closed = dialog?.closed() ?? Promise.resolve()
    closed.then(() => setTimeout(onClosed))
    return 'proven'
  }
  const mounted: Mounted = {
    Card,
    withClosedCards: async () => ({ ...mounted, closed: await import('../cards/closed.ts').catch(() => null) }),
    unmount: () => dialog?.(),
    enroll: async () => !!(await dialog?.enroll()),
    recover: async (link) => !!(await dialog?.recover(link)),
    recoveryCodes: async () => !!(await dialog?.recoveryCodes()),
    confirm,
  }
  return mounted
}
