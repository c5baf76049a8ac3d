/** How long after a view has changed nobody can mean what it shows: what is pressed then was meant for the one before. */
const SETTLING_MS = 300
/** The longest time between the two clicks of a double click. */
const DOUBLE_CLICK_MS = 500
const guarded = new WeakSet<ShadowRoot>()

/**
 * Keeps a dialog from taking what was meant for the view before: the second click of a double click, and an Enter that follows another too
 * soon. Styles keep away other clicks on what is new.
 */
export function ignoreHaste(scope: ShadowRoot): void {
  const actions = scope.querySelector('[part=actions]')
  if (!actions || guarded.has(scope)) return
  guarded.add(scope)
  let changedAt = Number.NEGATIVE_INFINITY
  new MutationObserver(() => {
    changedAt = performance.now()
  }).observe(actions, { childList: true })
  const ignoreHasty = (event: Event) => {
    const { detail, isTrusted, timeStamp } = event as MouseEvent
    const age = timeStamp - changedAt
    // browsers tell of a key that presses a button as a click that has no count
    const isHastyKey = detail === 0 && isTrusted && age < SETTLING_MS
    if (!isHastyKey && !(detail > 1 && age < DOUBLE_CLICK_MS)) return
    event.preventDefault()
    event.stopPropagation()
  }
  scope.addEventListener('click', ignoreHasty, true)
}
