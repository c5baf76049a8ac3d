import type { Stile, StileCode } from '@stile/browser'
import { type DialogOptions, mountDialog } from '@stile/browser/dialog'
import { Card } from '../cards/card.tsx'
import { adoptGateStyles } from '../cards/card-styles.ts'
import type { ConfirmOptions, Mounted, Outcome } from '../context/mounted.ts'

/**
 * Adopts the looks of the cards and mounts the dialog, unless the application shows step-ups itself.
 *
 * @param options  those of now: who is signed in is read whenever something is shown, the others once
 */
export function mount(client: Stile, options: Readonly<{ current: DialogOptions | false }>): Mounted {
  adoptGateStyles()
  const user = () => {
    const named = options.current ? options.current.user : undefined
    return typeof named === 'function' ? named() : named
  }
  const dialog = options.current ? mountDialog(client, { ...options.current, user }) : undefined
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
    withClosedCards: async () => {
      const closed = await import('../cards/closed.ts').catch(() => null)
      closed?.followFocus()
      return { ...mounted, closed }
    },
    unmount: () => dialog?.(),
    show: async (flow) => dialog?.show(flow),
    enroll: async () => !!(await dialog?.enroll()),
    recover: async (link) => !!(await dialog?.recover(link)),
    recoveryCodes: async () => !!(await dialog?.recoveryCodes()),
    confirm,
  }
  return mounted
}
