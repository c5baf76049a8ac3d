import { type Field, isCheckable, keptFields } from './fields.ts'
import { type FieldContent, forgetLeftPage, type LeftPage, readLeftPage } from './left-page.ts'

/** How long it waits for fields that a framework renders later. */
const PATIENCE_MS = 5000
/** If the page reformats a restored value, stop after two tries. */
const MAX_TRIES = 2

/**
 * Restores what was typed in this page when it was left for the login provider's, once, and where it was scrolled to.
 *
 * It waits up to five seconds for fields that are rendered later, and leaves alone what somebody changes meanwhile. On any other page than
 * the one that was left it does nothing.
 */
export function restorePage(now?: number): void {
  const page = readLeftPage(now)
  if (page?.url !== location.href) return
  forgetLeftPage()
  // a page that was rendered on a server takes events only once its scripts have run
  if (document.readyState === 'complete') restore(page)
  else addEventListener('load', () => restore(page), { once: true })
}

function restore({ fields, scroll: { left, top } }: LeftPage): void {
  const touched = new WeakSet<EventTarget>()
  const tries = new WeakMap<Field, number>()
  let moved = false
  const over = new AbortController()
  const { signal } = over
  const onInput = ({ isTrusted, target }: Event) => {
    if (isTrusted && target) touched.add(target)
  }
  const onMove = () => {
    moved = true
  }
  document.addEventListener('input', onInput, { signal, capture: true })
  for (const type of ['wheel', 'touchmove', 'keydown', 'pointerdown']) addEventListener(type, onMove, { signal, passive: true })

  const pass = () => {
    const here = keptFields()
    for (const { key, content } of fields) {
      const field = here.get(key)
      if (!field || touched.has(field)) continue
      const tried = tries.get(field) ?? 0
      if (tried < MAX_TRIES && put(field, content)) tries.set(field, tried + 1)
    }
    if (!moved && (left || top)) scrollTo(left, top)
  }
  const observer = new MutationObserver(pass)
  observer.observe(document.documentElement, { childList: true, subtree: true })
  setTimeout(() => {
    over.abort()
    observer.disconnect()
  }, PATIENCE_MS)
  pass()
}

/**
 * Puts the content in as typing would, because frameworks replace the setters of a field and listen for its events.
 *
 * @returns whether the field did not have it yet
 */
function put(field: Field, content: FieldContent): boolean {
  if (typeof content === 'boolean') {
    if (!isCheckable(field) || field.checked === content) return false
    // a click is what frameworks listen for here; a radio button is never clicked off
    if (content || field.type === 'checkbox') field.click()
    return true
  }
  if (!(field instanceof HTMLSelectElement ? choose(field, content) : type(field, content))) return false
  field.dispatchEvent(new Event('input', { bubbles: true }))
  field.dispatchEvent(new Event('change', { bubbles: true }))
  return true
}

function type(field: HTMLInputElement | HTMLTextAreaElement, content: FieldContent): boolean {
  if (field.value === content) return false
  const { prototype } = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement
  Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(field, content)
  return true
}

function choose({ options, multiple }: HTMLSelectElement, content: FieldContent): boolean {
  const wanted = (option: HTMLOptionElement) => Array.isArray(content) && content.includes(option.value)
  const all = [...options]
  // if options are not there yet, or no longer, the selection stays as it is
  if (all.every((option) => option.selected === wanted(option)) || !(multiple || all.some(wanted))) return false
  for (const option of all) if (multiple || wanted(option)) option.selected = wanted(option)
  return true
}
