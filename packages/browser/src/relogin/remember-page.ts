import { type Field, isCheckable, keptFields } from './fields.ts'
import { type FieldContent, LEFT_PAGE, type LeftPage } from './left-page.ts'

/** Longer than anyone types into a form, and short enough for any storage. */
const MAX_CHARACTERS = 500_000

/**
 * Remembers this page, and what was typed in its fields, in this tab for ten minutes at most. Passwords, payment data, one-time codes, files
 * and hidden fields are never kept. Never throws: if the storage refuses, nothing is kept.
 */
export function rememberPage(stepUp: string, now: number = Date.now()): void {
  const fields = [...keptFields()].map(([key, field]) => ({ key, content: contentOf(field) }))
  const page: LeftPage = { leftAt: now, url: location.href, stepUp, scroll: { left: scrollX, top: scrollY }, fields }
  const text = JSON.stringify(page)
  try {
    sessionStorage.setItem(LEFT_PAGE, text.length > MAX_CHARACTERS ? JSON.stringify({ ...page, fields: [] }) : text)
  } catch {}
}

function contentOf(field: Field): FieldContent {
  if (field instanceof HTMLSelectElement) return [...field.selectedOptions].map(({ value }) => value)
  return isCheckable(field) ? field.checked : field.value
}
