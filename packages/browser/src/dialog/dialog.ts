import type { EnrollableMethod } from '../enroll/enrollment.ts'
import type { EnrollmentClient } from '../enroll/gated.ts'
import type { Flow, Stile } from '../stile.ts'
import { button, codeField, element, markField, picture } from './elements/element.ts'
import { createFrame, quietButton, submitButton } from './frame/frame.ts'
import { adoptStyles } from './frame/styles.ts'
import type { Task } from './setup.ts'
import { type Stage, showStepUp } from './step-up/step-up-view.ts'
import { createSay, TEXTS, type Texts } from './texts/texts.ts'

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
    /** Shows enrolment of a method, or of one of several that the subject chooses from. Resolves with whether something was enrolled. */
    enroll: (method?: EnrollableMethod | readonly EnrollableMethod[]) => Promise<boolean>
    /**
     * Leads whoever has lost what they had enrolled through recovery: a code that they saved, or the token of an administrator's `link`, then
     * signing in again and enrolling anew. Resolves with whether something was enrolled.
     */
    recover: (link?: string) => Promise<boolean>
    /** Makes ten recovery codes and shows them once; the former count no longer. Resolves with whether they were made. */
    recoveryCodes: () => Promise<boolean>
  }>

/** What the views of the dialog are made of; handed to those that are loaded later, so that they bring no second copy. */
export type Kit = Readonly<{
  adoptStyles: typeof adoptStyles
  button: typeof button
  codeField: typeof codeField
  createSay: typeof createSay
  element: typeof element
  markField: typeof markField
  picture: typeof picture
  quietButton: typeof quietButton
  submitButton: typeof submitButton
  texts: typeof TEXTS
}>

const KIT: Kit = { adoptStyles, button, codeField, createSay, element, markField, picture, quietButton, submitButton, texts: TEXTS }

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
  /** The step-up that is shown, and the guide under it. */
  let flow: Flow | undefined
  let guiding: Promise<boolean> | undefined
  let [render, cancel] = [frame[1], () => {}]

  const guide = (task: Task, wanted?: unknown): Promise<boolean> => {
    guiding ??= import('./setup.ts')
      .then((it) => {
        const [again, leave, done] = it.guide(stile, KIT, frame, scope, options, () => !!flow, task, wanted)
        render = again
        cancel = leave
        return done
      })
      .finally(() => {
        guiding = undefined
        render = frame[1]
        if (!flow) render()
      })
    return guiding
  }
  const off = stile.onStepUp((next) => {
    flow = next
    const load = (stage: Stage) => import('./step-up/ways-view.ts').then(({ createWays }) => createWays(stage, KIT, scope, options))
    showStepUp(next, frame, say, next.label ?? labels?.[next.feature] ?? say(next.feature), load, (wanted) => {
      flow = undefined
      render()
      // an enrolment that asked for this step-up ends first
      if (wanted === 'recover') Promise.resolve(guiding).then(() => guide(wanted))
      else if (wanted) guide('enroll', wanted)
    })
  })

  return Object.assign(
    () => {
      off()
      flow?.cancel()
      cancel()
      host.remove()
    },
    {
      enroll: (method?: EnrollableMethod | readonly EnrollableMethod[]) => guide('enroll', method),
      recover: (link?: string) => guide('recover', link),
      recoveryCodes: () => guide('codes'),
    },
  )
}
