import type { EnrollableMethod } from '../enroll/enrollment.ts'
import type { EnrollmentClient } from '../enroll/gated.ts'
import type { Flow, Stile } from '../stile.ts'
import { button, codeField, element, markField } from './element.ts'
import { createFrame, quietButton, submitButton } from './frame.ts'
import { errorText, showStepUp } from './step-up-view.ts'
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

/** What the views of the dialog are made of; handed to the one that is loaded later, so that it brings no second copy. */
export type Kit = Readonly<{
  adoptStyles: typeof adoptStyles
  button: typeof button
  codeField: typeof codeField
  createSay: typeof createSay
  element: typeof element
  errorText: typeof errorText
  markField: typeof markField
  quietButton: typeof quietButton
  submitButton: typeof submitButton
  texts: typeof TEXTS
}>

const KIT: Kit = { adoptStyles, button, codeField, createSay, element, errorText, markField, quietButton, submitButton, texts: TEXTS }

const TAG = 'stile-dialog'

/** Mounts the one prompt and answers `stile.onStepUp` with it. */
export function mountDialog(stile: EnrollmentClient & Pick<Stile, 'onStepUp'>, options: DialogOptions = {}): MountedDialog {
  const { root = document.body, texts, labels, nonce } = options
  if (!customElements.get(TAG)) customElements.define(TAG, class extends HTMLElement {})
  const host = document.createElement(TAG)
  root.append(host)
  const scope = host.getRootNode() as Document | ShadowRoot
  adoptStyles(scope, nonce)
  const frame = createFrame(host)
  const say = createSay({ ...TEXTS, ...texts })
  /** The step-up that is shown, and the enrolment under it. */
  let flow: Flow | undefined
  let enrolling: Promise<boolean> | undefined
  let [render, cancel] = [frame[1], () => {}]

  const enroll = (method?: EnrollableMethod): Promise<boolean> => {
    enrolling ??= import('./enroll-view.ts')
      .then(({ showEnrollment }) => {
        const [again, leave, done] = showEnrollment(stile, KIT, frame[0], scope, options, method, () => !!flow)
        render = again
        cancel = leave
        return done
      })
      .finally(() => {
        enrolling = undefined
        render = frame[1]
        if (!flow) render()
      })
    return enrolling
  }
  const off = stile.onStepUp((next) => {
    flow = next
    showStepUp(next, frame, say, next.label ?? labels?.[next.feature], (wanted) => {
      flow = undefined
      render()
      if (wanted) enroll()
    })
  })

  return Object.assign(
    () => {
      off()
      flow?.cancel()
      cancel()
      host.remove()
    },
    { enroll },
  )
}
