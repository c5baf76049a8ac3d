import type { Domain } from '../domain.ts'
import { StileError } from '../error.ts'

/** The most wrong guesses in one step-up or enrolment. */
export const GUESSES_PER_CEREMONY = 5
/** The most wrong guesses of one subject in {@link GUESS_WINDOW_SECONDS}, over all sessions, devices and guessable methods. */
export const GUESSES_PER_SUBJECT = 10
/** The window of {@link GUESSES_PER_SUBJECT}, in seconds; it begins with its first guess. */
export const GUESS_WINDOW_SECONDS = 900

type LimitsDomain = Pick<Domain, 'store' | 'now'>

/** Whose guesses are counted: those of a subject, within one step-up or enrolment. */
export type Guesser = Readonly<{ subject: string; ceremony: string }>

/** One guess that was taken from the budget before it is looked at. */
export type Guess = Readonly<{
  /** The guesses that are left if this one is wrong. */
  left: number
  /** Whether it was the last one of its ceremony. */
  last: boolean
  /** Gives it back: it was right, or failed through no fault of the subject. */
  forgive(): Promise<void>
}>

/**
 * Takes one guess from both budgets before anything is compared, so that a burst in parallel gets no extra guess.
 *
 * Only for methods that can be guessed: nobody is ever kept from using a passkey.
 *
 * @throws {StileError} `too_many_attempts` where a budget is used up; the refused guess itself is not counted.
 */
export async function takeGuess(domain: LimitsDomain, guesser: Guesser): Promise<Guess> {
  const { store, now } = domain
  const at = now()
  const keys = keysOf(guesser)
  const window = { now: at, windowSeconds: GUESS_WINDOW_SECONDS }
  const ceremony = await store.attempts.hit({ key: keys.ceremony, ...window, limit: GUESSES_PER_CEREMONY })
  if (!ceremony.counted) {
    const { count, resetsAt } = await store.attempts.count({ key: keys.subject, now: at })
    throw count >= GUESSES_PER_SUBJECT ? subjectRefused(resetsAt - at) : ceremonyRefused()
  }
  // only in the window that it was counted in: given back late, it must not buy a guess in the next one
  const forgiveCeremony = () => store.attempts.forgive({ key: keys.ceremony, resetsAt: ceremony.resetsAt })
  let subject: typeof ceremony
  try {
    subject = await store.attempts.hit({ key: keys.subject, ...window, limit: GUESSES_PER_SUBJECT })
  } catch (error) {
    await forgiveCeremony().catch(() => undefined)
    throw error
  }
  if (!subject.counted) {
    await forgiveCeremony()
    throw subjectRefused(subject.resetsAt - at)
  }
  return {
    left: Math.min(GUESSES_PER_CEREMONY - ceremony.count, GUESSES_PER_SUBJECT - subject.count),
    last: ceremony.count === GUESSES_PER_CEREMONY,
    async forgive() {
      await forgiveCeremony()
      await store.attempts.forgive({ key: keys.subject, resetsAt: subject.resetsAt })
    },
  }
}

function subjectRefused(seconds: number): StileError {
  const retryAfter = Math.max(seconds, 1)
  return new StileError('too_many_attempts', `Too many wrong codes. Try again in ${minutes(retryAfter)}, or use a passkey now.`, {
    retryAfter,
    attemptsLeft: 0,
  })
}

function ceremonyRefused(): StileError {
  return new StileError('too_many_attempts', 'Too many wrong codes here. Begin again, or use a passkey.', {
    retryAfter: 1,
    attemptsLeft: 0,
  })
}

/** The wrong guesses that are left to a subject in a step-up or enrolment. */
export async function guessesLeft(domain: LimitsDomain, guesser: Guesser): Promise<number> {
  const { store, now } = domain
  const at = now()
  const keys = keysOf(guesser)
  const ceremony = await store.attempts.count({ key: keys.ceremony, now: at })
  const subject = await store.attempts.count({ key: keys.subject, now: at })
  return Math.max(Math.min(GUESSES_PER_CEREMONY - ceremony.count, GUESSES_PER_SUBJECT - subject.count), 0)
}

function keysOf({ subject, ceremony }: Guesser): Readonly<{ subject: string; ceremony: string }> {
  return { subject: `guess:subject:${subject}`, ceremony: `guess:ceremony:${ceremony}` }
}

function minutes(seconds: number): string {
  const count = Math.ceil(seconds / 60)
  return count === 1 ? 'a minute' : `${count} minutes`
}
