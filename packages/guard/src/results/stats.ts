/** How full one of the guard's memories is. */
export type MemoryStats = Readonly<{
  /** What it takes now, and may take at most, in bytes. It is counted from what entries take on the average, not measured. */
  bytes: number
  budget: number
  /** How many things are remembered. */
  entries: number
  /** How many were forgotten, or folded into one, to make room since the guard was made. */
  evictions: number
  /** How many requests were refused for lack of room since the guard was made. */
  refusals: number
}>

/** How full the guard's memories are, by the names of the option `memory`. */
export type GuardStats = Readonly<{
  /** `entries` are subjects, `accounts` are accounts. */
  licenses: MemoryStats & Readonly<{ accounts: number }>
  /** `entries` are device proofs. */
  replay: MemoryStats
  /** `entries` are tokens whose signature is known. */
  tokens: MemoryStats
  /** `entries` are revocations. */
  revocations: MemoryStats
}>
