/** What tells where the focus is. */
const NAMED = '[aria-label],h1,h2,h3,h4,h5,h6,a[href],button,input,select,textarea,[tabindex]'

/**
 * Hands the focus of a card's button that is about to go on to what comes in its place: browsers would leave it on nothing. If the button
 * opened the dialog, which would give the focus back to it, that is done once the dialog is closed.
 */
export function handOnFocus(button: HTMLElement): void {
  const { activeElement } = document
  const dialog = activeElement?.shadowRoot?.querySelector('dialog')
  const hasOpenedDialog = dialog && button.getAttribute('aria-disabled') === 'true'
  if (activeElement !== button && !hasOpenedDialog) return
  const card = button.closest('[data-stile-card]')
  const parent = card?.parentElement
  const before = card?.previousElementSibling
  const place = () => {
    const { activeElement: now } = document
    // somebody has moved on
    if (now !== document.body && now?.localName !== 'stile-dialog') return
    const next = card?.isConnected ? card : before ? before.nextElementSibling : parent?.firstElementChild
    if (!(next instanceof HTMLElement)) return
    const target = next.matches(NAMED) ? next : (next.querySelector<HTMLElement>(NAMED) ?? next)
    target.focus()
    if (document.activeElement === target) return
    // it takes the focus only now
    target.tabIndex = -1
    target.focus()
  }
  // not before it is gone, and what comes is there
  if (hasOpenedDialog) dialog.addEventListener('close', place, { once: true })
  else setTimeout(place)
}
