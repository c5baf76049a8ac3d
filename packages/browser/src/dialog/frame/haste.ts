/** How long after a view has changed nobody can mean what it shows: what is pressed then was meant for the one before. */
const SETTLING_MS = 300
/** The longest time between the two clicks of a double click. */
const DOUBLE_CLICK_MS = 500
/** When a dialog of this page last showed another view. */
let changedAt = Number.NEGATIVE_INFINITY

const guarded = new WeakSet<ShadowRoot>()

/**
 * Keeps a dialog from taking what was meant for the view before: the second click of a double click, an Enter that is held down, and one that
 * follows another too soon. Styles keep away other clicks on what is new.
 */
export function ignoreHaste(scope: ShadowRoot): void {
  if (guarded.has(scope)) return
  guarded.add(scope)
  const actions = scope.querySelector('[part=actions]')
  const observer = new MutationObserver(() => {
    changedAt = performance.now()
  })
  if (actions) observer.observe(actions, { childList: true })
  scope.addEventListener('click', ignoreSecondClick, true)
  // one function for all dialogs: it is added once, and hears the keys before the page does
  addEventListener('keydown', ignoreHastyEnter, true)
}

function ignoreHastyEnter(event: KeyboardEvent): void {
  const isHasty = event.repeat || event.timeStamp - changedAt < SETTLING_MS
  if (event.key === 'Enter' && isHasty && (event.target as Element).localName === 'stile-dialog') event.preventDefault()
}

function ignoreSecondClick(event: Event): void {
  if ((event as MouseEvent).detail < 2 || event.timeStamp - changedAt > DOUBLE_CLICK_MS) return
  event.preventDefault()
  event.stopPropagation()
}
