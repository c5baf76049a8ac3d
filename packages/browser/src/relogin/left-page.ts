/** What was in one field: a text, whether it was checked, or which options were selected. */
export type FieldContent = string | boolean | readonly string[]

/** A page that was left for the login provider's, and what was typed in it. */
export type LeftPage = Readonly<{
  /** When it was left, in milliseconds since the epoch. */
  leftAt: number
  url: string
  /** The step-up that it was left for. */
  stepUp: string
  scroll: Readonly<{ left: number; top: number }>
  /** The fields by the key of `keptFields`. */
  fields: readonly Readonly<{ key: string; content: FieldContent }>[]
}>

/** Where it is kept, in this tab's `sessionStorage`. The client repeats the name, so that it need not load this file. */
export const LEFT_PAGE = 'stile:page'
const MAX_AGE_MS = 600_000

/** Reads the page that is kept. Once it is ten minutes old or cannot be read, it is forgotten and nothing is returned. Never throws. */
export function readLeftPage(now: number = Date.now()): LeftPage | undefined {
  try {
    const page: LeftPage | null = JSON.parse(sessionStorage.getItem(LEFT_PAGE) ?? 'null')
    if (page && isRecent(page, now) && new URL(page.url).origin === location.origin) return page
  } catch {
    // a storage that refuses access keeps nothing, either
  }
  forgetLeftPage()
  return undefined
}

/** Forgets the page, here or in a window of this origin. Never throws. */
export function forgetLeftPage(where: Window = window): void {
  try {
    where.sessionStorage.removeItem(LEFT_PAGE)
  } catch {}
}

/** A page that an older version of this file kept has no `leftAt`, and is dropped. */
function isRecent({ leftAt }: LeftPage, now: number): boolean {
  return now - leftAt >= 0 && now - leftAt < MAX_AGE_MS
}
