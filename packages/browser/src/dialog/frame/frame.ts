import { button, element, picture } from '../elements/element.ts'

/** What the dialog shows. */
export type View = Readonly<{
  /** While it stays the same, body and actions stay as they are, with focus and what was typed. */
  key: string
  /** The drawing of {@link ICONS}, or another. */
  icon: string
  title: string
  text: string
  /** Read out when it changes. */
  alert?: string
  busy?: boolean
  body?: () => readonly Node[]
  actions: () => readonly Node[]
  /** Enter, or the button of type `submit`. */
  onSubmit?: () => void
  /** Escape and the cancel button. */
  onCancel: () => void
}>

/** The one dialog: a native modal `<dialog>`, labelled and described. */
export type Frame = readonly [show: (view: View) => void, close: () => void]

/** The drawings that the first prompt needs. */
export const ICONS = {
  key: 'M9 15a4 4 0 1 1-8 0 4 4 0 0 1 8 0zm-1-3L19 3m-5 4 3 4',
  phone: 'M7 2h10v20H7zm4 16h2',
  done: 'm5 12 5 5L19 7',
} as const

/** Puts the dialog into an element. Focus moves in when it opens and back when it closes; both are the browser's own. */
export function createFrame(host: Element): Frame {
  const header = element('header')
  const title = element('h2', { id: 'stile-title', tabIndex: -1 })
  const text = element('p', { id: 'stile-text' })
  const body = element('div')
  const alert = element('p', { id: 'stile-alert', role: 'alert' })
  const actions = element('div')
  const form = element('form', {}, header, body, alert, actions)
  const dialog = element('dialog', { 'aria-labelledby': title.id, 'aria-describedby': text.id }, form)
  host.append(dialog)

  let shown: View | undefined
  let icon = ''
  form.onsubmit = (event) => {
    event.preventDefault()
    shown?.onSubmit?.()
  }
  dialog.oncancel = (event) => {
    event.preventDefault()
    shown?.onCancel()
  }
  // a browser lets the cancel event be prevented only so often
  dialog.onclose = () => {
    if (!dialog.open) shown?.onCancel()
  }
  const say = (node: Element, words = '') => {
    if (node.textContent !== words) node.textContent = words
  }

  return [
    (view) => {
      const changed = shown?.key !== view.key
      shown = view
      if (icon !== view.icon) {
        icon = view.icon
        header.replaceChildren(picture(icon), title, text)
      }
      dialog.setAttribute('aria-busy', `${!!view.busy}`)
      say(title, view.title)
      say(text, view.text)
      if (changed) {
        body.replaceChildren(...(view.body?.() ?? []))
        actions.replaceChildren(...view.actions())
      }
      if (!dialog.open) dialog.showModal()
      say(alert, view.alert)
      if (changed) (dialog.querySelector<HTMLElement>('input,.stile-primary') ?? title).focus()
    },
    () => {
      shown = undefined
      dialog.close()
    },
  ]
}

/** The button that sends the form. */
export function submitButton(label: string): HTMLButtonElement {
  return element('button', { className: 'stile-primary' }, label)
}

/** The button that leaves. */
export function quietButton(label: string, onClick: () => void): HTMLButtonElement {
  return button(label, onClick, 'stile-quiet')
}
