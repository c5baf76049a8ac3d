/** Ids of 63 bits with an owner each. */
export type UsedIds = Readonly<{
  /** `id` is a hash; its first eight bytes count. */
  has(id: Buffer): boolean
  /** Adds an id that is not there. */
  add(id: Buffer, owner: number): void
  /** The owner of each id. */
  owners(): Iterable<number>
  size(): number
  bytes(): number
}>

const WORDS = 3
const FIRST_SLOTS = 64
const SLOT_BYTES = WORDS * Uint32Array.BYTES_PER_ELEMENT
/** A table that has just been doubled is a little more than three eighths full. */
export const WORST_ID_BYTES: number = Math.ceil((SLOT_BYTES * 8) / 3)

/** Makes a set of ids in one typed array: a hash table with linear probing that is never more than three quarters full. */
export function createUsedIds(): UsedIds {
  let slots = FIRST_SLOTS
  let table = new Uint32Array(slots * WORDS)
  let size = 0

  /** Where an id is, or the free place for it. */
  const placeOf = (low: number, high: number): number => {
    for (let slot = high & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const at = slot * WORDS
      if (table[at] === 0 || (table[at] === low && table[at + 1] === high)) return at
    }
  }
  const put = (low: number, high: number, owner: number): void => {
    const at = placeOf(low, high)
    table[at] = low
    table[at + 1] = high
    table[at + 2] = owner
  }
  const grow = (): void => {
    const before = table
    slots *= 2
    table = new Uint32Array(slots * WORDS)
    for (let at = 0; at < before.length; at += WORDS) {
      const low = before[at] ?? 0
      if (low !== 0) put(low, before[at + 1] ?? 0, before[at + 2] ?? 0)
    }
  }

  return {
    has(id) {
      const at = placeOf(lowOf(id), highOf(id))
      return table[at] !== 0
    },
    add(id, owner) {
      if (size * 4 >= slots * 3) grow()
      put(lowOf(id), highOf(id), owner)
      size += 1
    },
    *owners() {
      for (let at = 0; at < table.length; at += WORDS) if (table[at] !== 0) yield table[at + 2] ?? 0
    },
    size: () => size,
    bytes: () => table.byteLength,
  }
}

/** Zero marks a free place, so one bit is set in every id. */
function lowOf(id: Buffer): number {
  return (id.readUInt32LE(0) | 1) >>> 0
}

function highOf(id: Buffer): number {
  return id.readUInt32LE(4)
}
