import { noticeFor } from '../addresses/notice-for.ts'
import { StileError } from '../error.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { GuessLimits, GuessPlace } from '../stores/store.ts'

/** The most wrong guesses in one step-up or enrolment. */
export const GUESSES_PER_CEREMONY = 5
/**
 * The most wrong guesses of one subject in any {@link GUESS_WINDOW_SECONDS}, over all sessions, devices, addresses and methods: so many on the
 * keys that are the owner's, so many on all others together, and so many recovery codes.
 */
export const GUESSES_PER_SUBJECT = 10
/** In seconds; also how long a subject is blocked who has used them up. Each further time within a day it is twice as long. */
export const GUESS_WINDOW_SECONDS = 900
/** The longest block, in seconds. */
export const LONGEST_BLOCK_SECONDS = 86_400
/** The most wrong codes in a row of one authenticator app (NIST SP 800-63B-4 §3.2.2): with these it is switched off. */
export const WRONG_CODES_PER_AUTHENTICATOR = 100
/**
 * How long keys that are not the owner's are kept from guessing after {@link WRONG_CODES_PER_AUTHENTICATOR} wrong codes of apps in a row, in
 * seconds: 30 days. Their row ends with a right code of theirs, or if there was no wrong one for as long.
 */
export const ROW_SECONDS = 30 * 86_400

const LIMITS: GuessLimits = {
  perCeremony: GUESSES_PER_CEREMONY,
  perSubject: GUESSES_PER_SUBJECT,
  windowSeconds: GUESS_WINDOW_SECONDS,
  longestBlockSeconds: LONGEST_BLOCK_SECONDS,
  quietSeconds: 86_400,
  perAuthenticator: WRONG_CODES_PER_AUTHENTICATOR,
  rowSeconds: ROW_SECONDS,
}

/** Whose guess it is, of which budget, in which step-up or enrolment, and the apps whose codes it is compared with. */
export type Guesser = Omit<GuessPlace, 'authenticators'> & Partial<Pick<GuessPlace, 'authenticators'>>

/** One guess that was taken from the budget before it is looked at. */
export type Guess = Readonly<{
  /** The guesses that are left if this one is wrong. */
  left: number
  /** Whether it was the last one of its ceremony. */
  last: boolean
  /** The apps that it may be compared with. */
  authenticators: readonly string[]
  /** Gives it back: it was right, or failed through no fault of the subject. `accepted` is the app whose code it was. */
  forgive(accepted?: string): Promise<void>
  /**
   * Says that it was wrong: an app that has had its last one is switched off. Its owner is told of that, and of the last guess of keys
   * that are not theirs.
   */
  wrong(): Promise<void>
}>

/**
 * Takes one guess from all budgets before anything is compared, so that a burst in parallel gets no extra guess.
 *
 * Only for methods that can be guessed: a passkey can always be used.
 *
 * Keys that are not the owner's (a stolen session token on another machine) share a budget of their own, so that they cannot use up that of the
 * owner, and never switch an app off. Together they have at most ten guesses in any quarter of an hour, with pauses that double up to a day,
 * and at most a hundred codes of apps in a row: then they are closed for 30 days. If `windowSteps` is 1, a hundred random codes are right
 * with a chance of 3 in 10,000.
 *
 * @throws {StileError} `too_many_attempts` if a budget is used up; the refused guess itself is not counted.
 */
export async function takeGuess(domain: FactsDomain, { authenticators = [], ...place }: Guesser): Promise<Guess> {
  const { guesses } = domain.store
  const at = domain.now()
  const taken = await guesses.take({ ...place, authenticators, now: at, limits: LIMITS })
  if (!taken.counted) throw refused({ by: taken.by, budget: place.budget, seconds: taken.retryAt - at })
  const compared = taken.authenticators.map(({ id }) => id)
  const inCeremony = place.ceremony === undefined ? GUESSES_PER_SUBJECT : GUESSES_PER_CEREMONY - taken.ceremony
  return {
    left: Math.min(inCeremony, GUESSES_PER_SUBJECT - taken.subject),
    last: place.ceremony !== undefined && taken.ceremony === GUESSES_PER_CEREMONY,
    authenticators: compared,
    forgive: (accepted) =>
      guesses.giveBack({
        ...place,
        authenticators: compared.filter((id) => id !== accepted),
        accepted: accepted !== undefined,
        at,
        limits: LIMITS,
      }),
    async wrong() {
      if (place.budget === 'others') {
        if (taken.closes) await tellClosed(domain, place)
        return
      }
      for (const { id, failures } of taken.authenticators)
        if (failures >= WRONG_CODES_PER_AUTHENTICATOR) await switchOff(domain, place.subject, id)
    },
  }
}

/**
 * Refuses a subject whose guesses are used up, before something is sent that could not be answered.
 *
 * @throws {StileError} `too_many_attempts`
 */
export async function refuseLocked(
  { store, now }: Pick<FactsDomain, 'store' | 'now'>,
  { subject, budget }: Pick<Guesser, 'subject' | 'budget'>,
): Promise<void> {
  const at = now()
  const { retryAt } = await store.guesses.count({ subject, budget, now: at, limits: LIMITS })
  if (retryAt !== undefined) throw refused({ by: 'subject', budget, seconds: retryAt - at })
}

/** The wrong guesses that are left to a subject in a step-up or enrolment. */
export async function guessesLeft(
  { store, now }: Pick<FactsDomain, 'store' | 'now'>,
  place: Omit<Guesser, 'authenticators'>,
): Promise<number> {
  const { ceremony, subject, retryAt } = await store.guesses.count({ ...place, now: now(), limits: LIMITS })
  return retryAt === undefined ? Math.max(Math.min(GUESSES_PER_CEREMONY - ceremony, GUESSES_PER_SUBJECT - subject), 0) : 0
}

async function tellClosed(domain: FactsDomain, { subject, budget }: Pick<GuessPlace, 'subject' | 'budget'>): Promise<void> {
  const notices = await noticeFor(domain, subject, 'codes_guessed', {})
  if (notices.length > 0) await domain.store.guesses.tell({ subject, budget, now: domain.now(), limits: LIMITS, notices })
}

async function switchOff(domain: FactsDomain, subject: string, id: string): Promise<void> {
  const { authenticators } = domain.store
  const record = await authenticators.get({ subject, id })
  if (record === null) return
  const now = domain.now()
  await authenticators.disable({
    subject,
    id,
    failures: WRONG_CODES_PER_AUTHENTICATOR,
    now,
    change: { at: now, type: 'authenticators', subject },
    notices: await noticeFor(domain, subject, 'authenticator_disabled', { method: record.data.method, name: record.name }),
  })
}

/** What is used up, of whose budget, and for how long. */
type Refusal = Readonly<{ by: 'ceremony' | 'subject' | 'authenticator'; budget: GuessPlace['budget']; seconds: number }>

function refused({ seconds, ...refusal }: Refusal): StileError {
  const retryAfter = Math.max(seconds, 1)
  return new StileError('too_many_attempts', detailOf({ ...refusal, seconds: retryAfter }), { retryAfter, attemptsLeft: 0 })
}

function detailOf({ by, budget, seconds }: Refusal): string {
  if (by === 'ceremony') return 'Too many wrong codes here. Begin again, or use a passkey.'
  if (by === 'authenticator') return 'Too many wrong codes were typed for this app, and it is switched off. Use another method.'
  // a sign-in takes the key out of the budget of strangers
  if (budget === 'others') return 'Too many wrong codes on devices that have not signed in. Sign in again here first, or use a passkey.'
  return `Too many wrong codes. Try again in ${inWords(seconds)}, or use a passkey now.`
}

function inWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  if (minutes > 90) return `${Math.ceil(minutes / 60)} hours`
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}
