/** The longest name that is compared: what is longer is no typo of ours, and comparing costs the square. */
const LONGEST = 64

/**
 * The candidate that a mistyped name most likely means or is the beginning of, or `undefined` if none is close.
 *
 * Names of more than 64 characters, given or among the candidates, are left out. Capitals do not count.
 */
export function closest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > LONGEST) return undefined
  const given = name.toLowerCase()
  let best: string | undefined
  // a third of the letters, and at least two, may be wrong
  let limit = Math.max(2, Math.floor(given.length / 3)) + 1
  const others = candidates.filter((each) => each.length <= LONGEST && each !== name)
  for (const each of others) {
    const edits = distance(given, each.toLowerCase())
    if (edits < limit && edits < each.length) {
      best = each
      limit = edits
    }
  }
  return best ?? (name.length > 2 ? others.find((each) => each.toLowerCase().startsWith(given)) : undefined)
}

/** The edits from one text to another: insert, delete, replace, or swap two neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let edits = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, (before[j - 2] ?? 0) + 1)
      row.push(edits)
    }
    before = previous
    previous = row
  }
  return previous[b.length] ?? 0
}
