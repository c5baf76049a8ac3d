import { button, element } from './element.ts'

/** The picture of a view. */
export type Icon = 'key' | 'phone' | 'done' | 'stop'

/** What the dialog shows. */
export type View = Readonly<{
  /** While it stays the same, body and actions stay as they are, with focus and what was typed. */
  key: string
  icon: Icon
  title: string
  text: string
  /** Read out when it changes. */
  alert?: string
  busy?: boolean
  body?: () => readonly Node[]
  actions?: () => readonly Node[]
  /** Enter, or the button of type `submit`. */
  onSubmit?: () => void
  /** Escape and the cancel button. */
  onCancel: () => void
}>

/** The one dialog: a native modal `<dialog>`, labelled and described. */
export type Frame = Readonly<{ show: (view: View) => void; close: () => void }>

const PATHS: Readonly<Record<Icon, string>> = {
  key: 'M9 15.5a4.5 4.5 0 1 1-4.5-4.5a4.5 4.5 0 0 1 4.5 4.5zM8 12.5 19 4m-4 3 3 3.5',
  phone: 'M8 2.5h8a1.5 1.5 0 0 1 1.5 1.5v16a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.500 20V4A1.5 1.5 0 0 1 8 2.5zM11 18.5h2',
  done: 'm5 12.5 4.5 4.5L19 7.5',
  stop: 'M12 7v6m0 4v.01',
}

/** Puts the dialog into an element. Focus moves in when it opens and back when it closes; both are the browser's own. */
export function createFrame(host: Element): Frame {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.append(path)
  const title = element('h2', { id: 'stile-title', tabIndex: -1 })
  const text = element('p', { id: 'stile-text' })
  const body = element('div', { className: 'stile-body' })
  const alert = element('p', { id: 'stile-alert', role: 'alert' })
  const actions = element('div', { className: 'stile-actions' })
  const icon = element('i', { 'aria-hidden': true }, svg)
  const form = element('form', { noValidate: true }, element('header', {}, icon, title, text), body, alert, actions)
  const dialog = element('dialog', { 'aria-labelledby': 'stile-title', 'aria-describedby': 'stile-text' }, form)
  host.append(dialog)

  let shown: View | undefined
  form.onsubmit = (event) => {
    event.preventDefault()
    shown?.onSubmit?.()
  }
  dialog.oncancel = (event) => {
    event.preventDefault()
    shown?.onCancel()
  }
  // a browser may close a dialog whose cancel event it does not let be prevented twice
  dialog.onclose = () => {
    if (dialog.open) return
    const view = shown
    shown = undefined
    view?.onCancel()
  }
  const say = (node: Element, words: string) => {
    if (node.textContent !== words) node.textContent = words
  }

  return {
    show: (view) => {
      const changed = shown?.key !== view.key
      shown = view
      path.setAttribute('d', PATHS[view.icon])
      dialog.setAttribute('data-icon', view.icon)
      dialog.setAttribute('aria-busy', `${!!view.busy}`)
      say(title, view.title)
      say(text, view.text)
      if (changed) {
        body.replaceChildren(...(view.body?.() ?? []))
        actions.replaceChildren(...(view.actions?.() ?? []))
      }
      if (!dialog.open) dialog.showModal()
      say(alert, view.alert ?? '')
      if (changed) (dialog.querySelector<HTMLElement>('input,.stile-primary:enabled') ?? title).focus()
    },
    close: () => {
      shown = undefined
      dialog.close()
    },
  }
}

/** The button that sends the form. */
export function submitButton(label: string): HTMLButtonElement {
  return element('button', { type: 'submit', className: 'stile-primary' }, label)
}

/** The button that leaves. */
export function quietButton(label: string, onClick: () => void): HTMLButtonElement {
  return button(label, onClick, 'stile-quiet')
}
