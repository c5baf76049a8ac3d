import type { EnrollableMethod } from '../enroll/index.ts'
import type { Stile } from '../stile.ts'
import type { Texts } from './texts.ts'

/** How the dialog is shown. */
export type DialogOptions = Readonly<{
  /** Where `<stile-dialog>` is appended. Default: `document.body`. */
  root?: Element
  /** Replaces sentences. */
  texts?: Partial<Texts>
  /** What people read for each feature, such as `{ 'reports.export': 'Export reports' }`. */
  labels?: Readonly<Record<string, string>>
  /** The nonce of a Content-Security-Policy, where constructable style sheets are missing. */
  nonce?: string
}>

/** Unmounts the dialog when called. */
export type MountedDialog = (() => void) &
  Readonly<{
    /** Shows enrolment; without a method the subject chooses. Resolves with whether something was enrolled. */
    enroll: (method?: EnrollableMethod) => Promise<boolean>
  }>

/** Mounts the one prompt and answers `stile.onStepUp` with it. */
export declare function mountDialog(stile: Stile, options?: DialogOptions): MountedDialog
