import { DialogPanel, DialogTitle, Dialog as HeadlessDialog } from '@headlessui/react'
import Dialog from '@mui/material/Dialog'
import * as Radix from '@radix-ui/react-dialog'
import type { ReactElement, ReactNode } from 'react'

/** A modal of a library, in the way that its documentation shows. */
export type Modal = (props: Readonly<{ open: boolean; onClose: () => void; children: ReactNode }>) => ReactElement

export const MODALS: Readonly<Record<string, Modal>> = {
  none: ({ children }) => <main>{children}</main>,
  radix: ({ open, onClose, children }) => (
    <Radix.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Radix.Portal>
        <Radix.Overlay style={{ position: 'fixed', inset: 0, background: '#0006' }} />
        <Radix.Content aria-describedby={undefined} style={{ position: 'fixed', inset: 80, background: '#fff' }}>
          <Radix.Title>Export</Radix.Title>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  ),
  mui: ({ open, onClose, children }) => (
    <Dialog open={open} onClose={onClose} aria-label="Export">
      {children}
    </Dialog>
  ),
  headless: ({ open, onClose, children }) => (
    <HeadlessDialog open={open} onClose={onClose}>
      <DialogPanel style={{ position: 'fixed', inset: 80, background: '#fff' }}>
        <DialogTitle>Export</DialogTitle>
        {children}
      </DialogPanel>
    </HeadlessDialog>
  ),
}
