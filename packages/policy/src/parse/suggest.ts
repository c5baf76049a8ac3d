/** The longest name that is compared: what is longer is no typo of ours, and comparing costs the square. */
const LONGEST = 64

/** The known name that a mistyped one most likely means, or `undefined` where none is close. */
export function closest(given: string, known: readonly string[]): string | undefined {
  if (given.length > LONGEST) return undefined
  let best: string | undefined
  // a third of the letters, and at least two, may be wrong
  let limit = Math.max(2, Math.floor(given.length / 3)) + 1
  for (const name of known) {
    if (name.length > LONGEST || name === given) continue
    const edits = distance(given.toLowerCase(), name.toLowerCase())
    if (edits < limit && edits < name.length) {
      best = name
      limit = edits
    }
  }
  return best
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
