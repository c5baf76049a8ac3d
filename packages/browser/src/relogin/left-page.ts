/** A page that was left for the login provider's, and what was typed in it. */
export type LeftPage = Readonly<{
  /** When it was left, in milliseconds since the epoch. */
  at: number
  url: string
  /** The step-up for which it was left. */
  stepUp: string
  scroll: readonly [x: number, y: number]
  fields: readonly LeftField[]
}>

/** What was in one field: a text, whether it was checked, or which options were chosen. */
export type LeftField = readonly [key: string, value: string | boolean | readonly string[]]

/** Where it is kept, in this tab's `sessionStorage`. The client has the same name in it, so that it need not load this. */
export const LEFT_PAGE = 'stile:page'
const MAX_AGE_MS = 600_000

/** Reads what is kept; forgets it, and answers nothing, once it is ten minutes old or cannot be read. Never throws. */
export function readLeftPage(now: number = Date.now()): LeftPage | undefined {
  try {
    const page: LeftPage | null = JSON.parse(sessionStorage.getItem(LEFT_PAGE) ?? 'null')
    if (page && now - page.at >= 0 && now - page.at < MAX_AGE_MS && new URL(page.url).origin === location.origin) return page
  } catch {
    // a storage that refuses keeps nothing, either
  }
  forgetLeftPage()
  return undefined
}

/** Forgets it, here or in a window of this origin. Never throws. */
export function forgetLeftPage(where: Window = window): void {
  try {
    where.sessionStorage.removeItem(LEFT_PAGE)
  } catch {}
}
