/** How long after a view has changed nobody can mean what it shows: a key that is pressed then was meant for the one before. */
const SETTLING_MS = 300
const guarded = new WeakSet<ShadowRoot>()

/**
 * Keeps a dialog from taking what was meant for the view before: the clicks of a double click that meet something else than the first, and an
 * Enter that follows another too soon. Styles keep away other clicks on what is new.
 */
export function ignoreHaste(scope: ShadowRoot): void {
  const actions = scope.querySelector('[part=actions]')
  if (!actions || guarded.has(scope)) return
  guarded.add(scope)
  let changedAt = Number.NEGATIVE_INFINITY
  new MutationObserver(() => {
    changedAt = performance.now()
  }).observe(actions, { childList: true })
  /** What the first of the clicks has met that belong together. */
  let first: Element | null = null
  const ignoreHasty = (event: Event) => {
    const { detail, isTrusted, timeStamp } = event as MouseEvent
    const met = (event.target as Element).closest('button, a, label, input')
    // browsers count the clicks that belong together, as slow as their reader has set it
    if (detail === 1) first = met
    // browsers tell of a key that presses a button as a click that has no count
    const isHastyKey = detail === 0 && isTrusted && timeStamp - changedAt < SETTLING_MS
    if (!(detail > 1 && met !== first) && !isHastyKey) return
    event.preventDefault()
    event.stopPropagation()
  }
  scope.addEventListener('click', ignoreHasty, true)
}
