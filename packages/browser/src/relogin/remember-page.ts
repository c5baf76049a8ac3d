import { keptFields } from './fields.ts'
import { LEFT_PAGE, type LeftField, type LeftPage } from './left-page.ts'

/** Longer than anyone types into a form, short of what a storage takes. */
const MAX_CHARACTERS = 500_000

/**
 * Remembers this page, and what was typed in its fields, in this tab for ten minutes at most. Never passwords, payment data, one-time
 * codes, files or hidden fields. Never throws: a storage that refuses keeps nothing.
 */
export function rememberPage(stepUp: string, now: number = Date.now()): void {
  const fields = [...keptFields()].map(([key, field]): LeftField => [key, contentOf(field)])
  const page: LeftPage = { at: now, url: location.href, stepUp, scroll: [scrollX, scrollY], fields }
  const text = JSON.stringify(page)
  try {
    sessionStorage.setItem(LEFT_PAGE, text.length > MAX_CHARACTERS ? JSON.stringify({ ...page, fields: [] }) : text)
  } catch {}
}

function contentOf(field: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement): LeftField[1] {
  if (field instanceof HTMLSelectElement) return [...field.selectedOptions].map(({ value }) => value)
  return /^(checkbox|radio)$/.test(field.type) ? (field as HTMLInputElement).checked : field.value
}
