/** How long after a view has changed nobody can mean what it shows: a key that is pressed then was meant for the one before. */
const SETTLING_MS = 300
const guarded = new WeakSet<ShadowRoot>()

/**
 * Keeps a dialog from taking what was meant for the view before: every click of a double click but the first, and an Enter that follows
 * another too soon. Styles keep away other clicks on what is new.
 */
export function ignoreHaste(scope: ShadowRoot): void {
  const actions = scope.querySelector('[part=actions]')
  if (!actions || guarded.has(scope)) return
  guarded.add(scope)
  let changedAt = Number.NEGATIVE_INFINITY
  /** Whether the view has changed since the first of the clicks that belong together. */
  let isOther = true
  new MutationObserver(() => {
    changedAt = performance.now()
    isOther = true
  }).observe(actions, { childList: true })
  const ignoreHasty = (event: Event) => {
    const { detail, isTrusted, timeStamp } = event as MouseEvent
    // browsers count the clicks that belong together, as slow as their reader has set it
    if (detail === 1) isOther = false
    // browsers tell of a key that presses a button as a click that has no count
    const isHastyKey = detail === 0 && isTrusted && timeStamp - changedAt < SETTLING_MS
    if (!(detail > 1 && isOther) && !isHastyKey) return
    event.preventDefault()
    event.stopPropagation()
  }
  scope.addEventListener('click', ignoreHasty, true)
}
