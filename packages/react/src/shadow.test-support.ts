// The dialog is in a shadow root, into which Testing Library does not look by itself. What `screen` looks for is found there, too, once this
// file is imported.

/** The shadow roots of the dialogs on the page. */
function roots(): ShadowRoot[] {
  return [...document.querySelectorAll('stile-dialog')].flatMap(({ shadowRoot }) => shadowRoot ?? [])
}

/** The dialog that is open. */
export function openDialog(): HTMLDialogElement | null {
  return roots().reduce<HTMLDialogElement | null>((found, root) => found ?? root.querySelector('dialog[open]'), null)
}

/** The element in focus, also within a dialog. */
export function focused(): Element | null {
  const { activeElement } = document
  return activeElement?.shadowRoot?.activeElement ?? activeElement
}

/** Moves the focus within the dialog as the Tab key does. */
export function tab(): void {
  const fields = [...(openDialog()?.querySelectorAll<HTMLElement>('input,button:not(:disabled)') ?? [])]
  fields[fields.indexOf(focused() as HTMLElement) + 1]?.focus()
}

const { body } = document
const inPage = Element.prototype.querySelectorAll.bind(body)
const everywhere = (selector: string) => [...inPage(selector), ...roots().flatMap((root) => [...root.querySelectorAll(selector)])]
Object.assign(body, { querySelectorAll: everywhere })
