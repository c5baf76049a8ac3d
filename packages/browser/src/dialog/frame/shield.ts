/**
 * What modals of the page answer with closing, or with pulling the focus back. They often listen in the capture phase, in which the window is
 * asked first.
 */
const HEARD = ['pointerdown', 'mousedown', 'touchstart', 'touchend', 'keydown', 'keyup', 'focusin', 'focusout']

/**
 * Keeps the dialog and the modals of other libraries on the page apart: they hear of no pointer, key or focus in it, and do not hide it from
 * screen readers.
 *
 * Listeners within the dialog do not hear of them either, but for `click`; what the browser does by itself goes on.
 */
export function shield(host: Element): void {
  // one function for every dialog: it is added to the window once
  for (const type of HEARD) addEventListener(type, stop, true)
  host.addEventListener('click', stop)
  new MutationObserver(() => {
    for (const name of ['aria-hidden', 'inert']) host.removeAttribute(name)
  }).observe(host, { attributes: true })
}

function stop(event: Event): void {
  if ((event.target as Element).localName !== 'stile-dialog') return
  event.stopImmediatePropagation()
  // an Enter that is held down presses once, and not what comes after it, too
  const { key, repeat } = event as KeyboardEvent
  if (repeat && key === 'Enter') event.preventDefault()
}
