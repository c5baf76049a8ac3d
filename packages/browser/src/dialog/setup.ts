import type { Method } from '@stile/protocol'
import type { EnrollmentClient } from '../enroll/gated.ts'
import type { FlowError } from '../stile.ts'
import type { DialogOptions, Kit } from './dialog.ts'
import { DRAWINGS } from './elements/icons.ts'
import { type Enrolled, enroll } from './enrollment/enrollment-view.ts'
import type { Frame, View } from './frame/frame.ts'
import { showCodes } from './recovery/recovery-codes-view.ts'
import { recover } from './recovery/recovery-view.ts'
import { errorText } from './texts/error-text.ts'
import { GUIDE_TEXTS } from './texts/setup-texts.ts'
import { WAY_TEXTS } from './texts/step-up-texts.ts'
import type { Say } from './texts/texts.ts'

/** What a guide leads through. */
export type Task = 'enroll' | 'recover' | 'codes'

/** A guide in the dialog. */
export type ShownGuide = readonly [
  render: () => void,
  cancel: () => void,
  /** Whether something was enrolled, or codes were made. */
  done: Promise<boolean>,
]

/** What every station of a guide works with. */
export type Guide = Readonly<{
  stile: EnrollmentClient
  kit: Kit
  say: Say
  errorText: (error: FlowError | undefined, method?: Method) => string
  /** Begins a station: it renders now, and again when a step-up no longer covers it. */
  station: (render: () => void, cancel: () => void) => void
  view: (key: string, title: string, more: Partial<View>, ...actions: readonly Node[]) => void
  copyButton: (text: string) => HTMLButtonElement
}>

const CSS = `stile-dialog{.stile-choice{gap:.375rem;margin-bottom:.5rem;font-size:.93em}img{margin:0 auto;border-radius:var(--r)}.stile-secret{display:flex;align-items:center;padding-left:.75rem;border:1px solid var(--b);border-radius:var(--r);button{width:auto;border:0}}code{flex:1;font:.87em/1.5 ui-monospace,monospace;text-align:start;overflow-wrap:anywhere;user-select:all}.stile-codes{display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:.375rem .75rem;padding:.875rem;border:1px solid var(--b);border-radius:var(--r);list-style:none;code{font-size:.93em;text-align:center;display:block;white-space:nowrap}}.stile-row{display:flex;gap:.5rem;flex-wrap:wrap;button{flex:1;width:auto;padding:.5rem .75rem}}.stile-typed{font:1.1em/1.5 ui-monospace,monospace;text-transform:uppercase}}@media print{body:has(.stile-codes)>:not(:has(.stile-codes)){display:none}stile-dialog:has(.stile-codes){dialog{position:static;border:0;box-shadow:none;color:#000;background:none}svg,button{display:none}::backdrop{display:none}}}`

/**
 * Leads through enrolment, recovery or the making of recovery codes.
 *
 * @param covered  whether a step-up covers it at the moment
 * @param wanted  the methods to enrol, or the token of a recovery link
 */
export function guide(
  client: EnrollmentClient,
  kit: Kit,
  [show, close]: Frame,
  scope: Document | ShadowRoot,
  options: DialogOptions,
  covered: () => boolean,
  task: Task,
  wanted: unknown,
): ShownGuide {
  const { adoptStyles, button, createSay, quietButton, texts } = kit
  adoptStyles(scope, options.nonce, CSS)
  const say = createSay({ ...texts, ...WAY_TEXTS, ...GUIDE_TEXTS, ...options.texts })
  /** The application's own sign-in must not lie behind a modal dialog. */
  let away = false
  let [current, cancel] = [() => {}, () => {}]
  const render = () => {
    if (!covered() && !away) current()
  }
  const stile: EnrollmentClient = {
    ...client,
    relogin: async () => {
      away = true
      close()
      try {
        return await client.relogin()
      } finally {
        away = false
        render()
      }
    },
  }
  const it: Guide = {
    stile,
    kit,
    say,
    errorText: (error, method) => errorText(say, error, method),
    station: (next, leave) => {
      current = next
      cancel = leave
      render()
    },
    view: (key, title, more, ...actions) => {
      const all = () => [...actions, quietButton(say('cancel'), () => cancel())]
      show({ key, icon: DRAWINGS.passkey, title, text: '', onCancel: () => cancel(), actions: all, ...more })
    },
    copyButton: (text) => {
      const copy = button(say('copy'), () => {
        // where the clipboard is refused it can still be selected
        navigator.clipboard.writeText(text).then(
          () => copy.replaceChildren(say('copied')),
          () => {},
        )
      })
      return copy
    },
  }

  const run = async (): Promise<boolean> => {
    if (task === 'codes') return showCodes(it, true)
    const enrolled: Enrolled = task === 'recover' ? await recover(it, wanted as string | undefined) : await enroll(it, wanted)
    if (enrolled) await showCodes(it, false)
    return enrolled
  }
  return [render, () => cancel(), run()]
}
