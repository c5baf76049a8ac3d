/** The known name that a mistyped one is nearest to or begins, or `undefined` where none is near: at most a third of it may differ. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const each of known) {
    const distance = editDistance(name.toLowerCase(), each.toLowerCase())
    if (distance < least) {
      best = each
      least = distance
    }
  }
  return best ?? (name.length > 2 ? known.find((each) => each.toLowerCase().startsWith(name.toLowerCase())) : undefined)
}

/** How many characters must be inserted, deleted or replaced (Levenshtein). */
function editDistance(a: string, b: string): number {
  if (b.length > 128) return Number.POSITIVE_INFINITY
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      line.push(Math.min(replaced, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1))
    }
    above = line
  }
  return above[b.length] ?? 0
}
