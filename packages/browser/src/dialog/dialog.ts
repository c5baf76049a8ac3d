import type { EnrollableMethod } from '../enroll/enrollment.ts'
import type { EnrollmentClient } from '../enroll/gated.ts'
import type { Flow, Stile } from '../stile.ts'
import { createFrame } from './frame.ts'
import { showStepUp } from './step-up-view.ts'
import { adoptStyles } from './styles.ts'
import { createSay, TEXTS, type Texts } from './texts.ts'

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

const TAG = 'stile-dialog'

/** Mounts the one prompt and answers `stile.onStepUp` with it. */
export function mountDialog(stile: EnrollmentClient & Pick<Stile, 'onStepUp'>, options: DialogOptions = {}): MountedDialog {
  const { root = document.body, texts, labels = {}, nonce } = options
  if (!customElements.get(TAG)) customElements.define(TAG, class extends HTMLElement {})
  const host = document.createElement(TAG)
  root.append(host)
  adoptStyles(host.getRootNode() as Document | ShadowRoot, nonce)
  const frame = createFrame(host)
  const say = createSay({ ...TEXTS, ...texts })
  /** The step-up that is shown, and the enrolment under it. */
  let flow: Flow | undefined
  let enrolling: { promise: Promise<boolean>; render: () => void; cancel: () => void } | undefined

  const settle = () => {
    if (flow) return
    if (enrolling) enrolling.render()
    else frame.close()
  }
  const enroll = (method?: EnrollableMethod): Promise<boolean> => {
    if (enrolling) return enrolling.promise
    let render = () => {}
    let cancel = () => {}
    const promise = import('./enroll-view.ts')
      .then(({ showEnrollment }) => {
        const shown = showEnrollment(stile, { frame, texts, method, covered: () => !!flow })
        render = shown.render
        cancel = shown.cancel
        return shown.done
      })
      .finally(() => {
        enrolling = undefined
        settle()
      })
    enrolling = { promise, render: () => render(), cancel: () => cancel() }
    return promise
  }
  const off = stile.onStepUp((next) => {
    flow = next
    showStepUp(next, { frame, say, labels, enroll }).then(() => {
      if (flow === next) flow = undefined
      settle()
    })
  })

  return Object.assign(
    () => {
      off()
      flow?.cancel()
      enrolling?.cancel()
      host.remove()
    },
    { enroll },
  )
}
