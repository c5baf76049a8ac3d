/** What had the focus last. */
let last: Element | undefined

const remember = ({ target }: FocusEvent) => {
  last = target as Element
}

/** Follows the focus from now on. Calling it again changes nothing. */
export function followFocus(): void {
  document.addEventListener('focusin', remember)
}

/** Whether the focus was in a gate's open content, and is nowhere since that was taken away. */
export function hasLostFocus(gateName: string | undefined): boolean {
  const isNowhere = document.activeElement === document.body && last?.isConnected === false
  return isNowhere && last?.closest('[data-stile-gate]')?.getAttribute('aria-label') === gateName
}
