import type { Stile } from '@stile/browser'
import { type DialogOptions, type MountedDialog, mountDialog } from '@stile/browser/dialog'
import { adoptGateStyles } from '../gate/styles.ts'

/** What the provider loads once the page stands: the cards' looks, and the dialog unless the application shows step-ups itself. */
export function mount(client: Stile, options: DialogOptions | false): MountedDialog | null {
  adoptGateStyles()
  return options ? mountDialog(client, options) : null
}
