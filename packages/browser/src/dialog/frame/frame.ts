import { element, icon } from '../parts.ts'

/** What the dialog shows. */
export type DialogView = Readonly<{
  /** As long as it stays the same, body and actions stay as they are, with the focus and what was typed. */
  key: string
  /** The drawing of the icon. */
  icon: string
  title: string
  text: string
  /** What the view is for, line by line, and what stays the same from view to view. Empty lines are left out. */
  about?: readonly string[]
  /** Screen readers read it out when it changes. */
  alert?: string | undefined
  busy?: boolean
  /** Whether it is a step of its own: a sheet need not stay as high as the one before. */
  isStep?: boolean
  body?: () => readonly Node[]
  actions: () => readonly Node[]
  /** Enter, or the button of type `submit`. */
  onSubmit?: () => void
  /** Escape and the cancel button. */
  onCancel: () => void
}>

/** The dialog that every view is shown in: a native modal `<dialog>`, labelled and described. */
export type DialogFrame = Readonly<{
  /** The id of the element that tells what went wrong, for fields that it describes. */
  alertId: string
  show: (view: DialogView) => void
  close: () => void
  /** Resolves once the dialog is not open, so at once if it is closed already. */
  closed: () => Promise<void>
}>

/**
 * Puts the dialog into a shadow root, in which its ids are its own. The browser itself moves the focus in when it opens and back when it
 * closes.
 */
export function createFrame(root: ShadowRoot): DialogFrame {
  const heading = element('div')
  const title = element('h2', { id: 'title', part: 'title', tabIndex: -1 })
  const text = element('p', { id: 'text', part: 'text' })
  const about = element('p', { id: 'about', part: 'about' })
  const body = element('div', { part: 'body' })
  const alert = element('p', { id: 'alert', part: 'alert', role: 'alert' })
  const actions = element('div', { part: 'actions' })
  const form = element('form', {}, heading, body, alert, actions)
  const dialog = element('dialog', { part: 'dialog', 'aria-labelledby': title.id, 'aria-describedby': 'about text' }, form)
  root.append(dialog)

  let shown: DialogView | undefined
  let shownAbout = ''
  form.onsubmit = (event) => {
    event.preventDefault()
    shown?.onSubmit?.()
  }
  dialog.oncancel = (event) => {
    event.preventDefault()
    shown?.onCancel()
  }
  // browsers close the dialog in spite of `preventDefault` when Escape is pressed twice
  dialog.onclose = () => {
    if (!dialog.open) shown?.onCancel()
  }

  return {
    alertId: alert.id,
    show: (view) => {
      // what is the same is not set again: a browser may have translated it, and a live region would be read out again
      const former = shown
      const isOther = former?.key !== view.key
      const aboutText = view.about?.filter(Boolean).join('\n') ?? ''
      if (former?.icon !== view.icon) heading.replaceChildren(icon(view.icon), title, about, text)
      shown = view
      dialog.setAttribute('aria-busy', `${!!view.busy}`)
      if (former?.title !== view.title) title.textContent = view.title
      if (aboutText !== shownAbout) about.textContent = aboutText
      shownAbout = aboutText
      if (former?.text !== view.text) text.textContent = view.text
      if (isOther) {
        body.replaceChildren(...(view.body?.() ?? []))
        actions.replaceChildren(...view.actions())
      }
      if (!dialog.open) dialog.showModal()
      if (former?.alert !== view.alert) alert.textContent = view.alert ?? ''
      if (view.alert) alert.scrollIntoView?.({ block: 'nearest' })
      // a sheet at the bottom of a narrow screen keeps its top where it was: within a step it grows, and never shrinks
      if (isOther && view.isStep) dialog.style.removeProperty('--_height')
      dialog.style.setProperty('--_height', `${form.offsetHeight}px`)
      if (isOther) (dialog.querySelector<HTMLElement>('input:not([hidden],[type=checkbox]),[part~=primary]:enabled') ?? title).focus()
    },
    close: () => {
      shown = undefined
      alert.textContent = ''
      dialog.style.removeProperty('--_height')
      dialog.close()
      // neither codes nor secrets nor passwords stay in the page
      body.replaceChildren()
      actions.replaceChildren()
    },
    closed: async () => {
      if (dialog.open) await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }))
    },
  }
}
