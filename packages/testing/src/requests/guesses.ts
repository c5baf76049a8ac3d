import { problem } from '@stile/protocol'
import type { Clock } from '../world/clock.ts'
import type { World } from '../world/world.ts'
import { type Answer, refuse } from './answer.ts'

/** One guess that was taken from the budgets before it is looked at. */
export type Guess = Readonly<{
  /** The guesses that are left if this one is wrong. */
  left: number
  /** Gives it back: it was right, or it was none. */
  forgive: () => void
}>

/** How often codes may be guessed: one budget of the subject over all ceremonies and methods that can be guessed. */
export type Guesses = Readonly<{
  /** Takes a guess of a ceremony, or the refusal if there is none left. */
  take: (ceremony: string) => Guess | Answer
  /** The wrong codes that are left to a ceremony. */
  left: (ceremony: string) => number
  /** Disables every authenticator app after a hundred wrong codes in a row; a right one starts the count again. */
  count: (right: boolean) => void
}>

/** The window of the subject's budget, in seconds; it begins with its first guess. */
const WINDOW_SECONDS = 900
const IN_A_ROW = 100

/** Counts guesses. */
export function createGuesses(clock: Clock, world: () => World, change: (next: Partial<World>) => void): Guesses {
  const ceremonies = new Map<string, number>()
  let counted = 0
  let resetsAt = 0
  let row = 0
  const ofCeremony = (ceremony: string) => world().attempts - (ceremonies.get(ceremony) ?? 0)
  const ofSubject = () => world().guesses - (clock.now() < resetsAt ? counted : 0)

  return {
    take: (ceremony) => {
      // given none at all, the window has just begun
      const wait = clock.now() < resetsAt ? resetsAt - clock.now() : WINDOW_SECONDS
      if (ofSubject() < 1) return locked('Try again later, or use a passkey now.', wait)
      if (ofCeremony(ceremony) < 1) return locked('Begin again, or use a passkey.', 1)
      if (clock.now() >= resetsAt) {
        counted = 0
        resetsAt = clock.now() + WINDOW_SECONDS
      }
      const add = (by: number) => {
        counted += by
        ceremonies.set(ceremony, (ceremonies.get(ceremony) ?? 0) + by)
      }
      add(1)
      return { left: Math.min(ofCeremony(ceremony), ofSubject()), forgive: () => add(-1) }
    },
    left: (ceremony) => Math.max(Math.min(ofCeremony(ceremony), ofSubject()), 0),
    count: (right) => {
      row = right ? 0 : row + 1
      if (row < IN_A_ROW) return
      row = 0
      change({ authenticators: world().authenticators.map((each) => (each.method === 'totp' ? { ...each, disabled: true } : each)) })
    },
  }
}

function locked(advice: string, retryAfter: number): Answer {
  return refuse(problem('too_many_attempts', `Too many wrong codes. ${advice}`, { attemptsLeft: 0, retryAfter }))
}
