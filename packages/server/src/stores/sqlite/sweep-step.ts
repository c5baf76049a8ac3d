/** What a step of a sweep is asked for: what has expired at `now`, in seconds since the epoch, and how many rows it may look at. */
export type Due = Readonly<{ now: number; most: number }>

/**
 * Deletes or puts off at most so many rows that are due, found through an index; to be called within a write. Answers how many it looked at: if
 * these are fewer than the most, nothing is due any more.
 */
export type SweepStep = (due: Due) => number
