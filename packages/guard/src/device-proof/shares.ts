/** How many entries each of many owners has, about. */
export type Shares = Readonly<{
  take(owner: number): void
  give(owner: number): void
  /** Never less than the owner has; more only if both of its cells are also those of others. */
  of(owner: number): number
  bytes: number
}>

const BITS = 16
const CELLS = 2 ** BITS
/** Spreads what the first row leaves together (the golden ratio, as Knuth's multiplicative hashing has it). */
const SPREAD = 0x9e3779b1

/**
 * Makes a count-min sketch of two rows: it takes the same memory for any number of owners.
 *
 * An owner is 32 bits of a hash that nobody outside can compute. One that shares both cells with an owner of many is counted as that one:
 * with a hundred such owners, that is one in about 400,000.
 */
export function createShares(): Shares {
  const cells = new Uint32Array(2 * CELLS)
  const first = (owner: number): number => owner >>> (32 - BITS)
  const second = (owner: number): number => CELLS + (Math.imul(owner, SPREAD) >>> (32 - BITS))
  const add = (owner: number, change: number): void => {
    for (const cell of [first(owner), second(owner)]) cells[cell] = (cells[cell] ?? 0) + change
  }
  return {
    take: (owner) => add(owner, 1),
    give: (owner) => add(owner, -1),
    of: (owner) => Math.min(cells[first(owner)] ?? 0, cells[second(owner)] ?? 0),
    bytes: cells.byteLength,
  }
}
