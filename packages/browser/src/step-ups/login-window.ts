/**
 * Opens the window for the login provider's page, still empty. Browsers open one only right after a click, so it is opened before
 * anything is awaited. Gives `null` if the browser opened none.
 *
 * @param unasked  nobody chose this method: the click that began the step-up must still count
 */
export function openLoginWindow({ unasked }: Readonly<{ unasked: boolean }>): Window | null {
  if (unasked && !navigator.userActivation?.isActive) return null
  return open('about:blank', '', 'popup,width=480,height=680')
}
