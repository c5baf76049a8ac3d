import type { NewNotice } from './mail-records.ts'

/** How many wrong guesses there may be. */
export type GuessLimits = Readonly<{
  perCeremony: number
  /** In any stretch of `windowSeconds`. */
  perSubject: number
  windowSeconds: number
  /** Each further time that the budget of a subject is used up blocks twice as long as before, and never longer than this. */
  longestBlockSeconds: number
  /** How long after a block one doubling is forgotten, and then another each time. */
  quietSeconds: number
  /** In a row: of one authenticator, or of all of them together in the budget of `others`. */
  perAuthenticator: number
  /** How long a row in the budget of `others` is remembered after its last wrong code. */
  rowSeconds: number
}>

/** Whose budget is taken from: that of the keys which are the owner's, or the one that all other keys share. */
export type KeyBudget = 'owner' | 'others'
/** The budget that a guess is taken from: recovery codes, which only those who have signed in can try, have their own. */
export type GuessBudget = KeyBudget | 'recovery'

/** Whose guess it is, and what it is compared with. */
export type GuessPlace = Readonly<{
  subject: string
  budget: GuessBudget
  /** The step-up or enrolment; absent if there is none that could be begun again. */
  ceremony?: string
  /** The authenticator apps whose codes it is compared with. */
  authenticators: readonly string[]
}>

/** What became of a guess: counted, or refused by a budget that is used up. */
export type GuessTaken =
  | Readonly<{
      counted: true
      /** The counts with this one. */
      ceremony: number
      subject: number
      /** The apps that it may be compared with: those switched off are left out. `failures` counts this guess only if it is the owner's. */
      authenticators: readonly Readonly<{ id: string; failures: number }>[]
      /** Whether it was the last one of the subject: the budget is closed, unless a guess is given back. */
      closes: boolean
    }>
  | Readonly<{ counted: false; by: 'ceremony' | 'subject' | 'authenticator'; retryAt: number }>

/**
 * Budgets of guesses: two per subject over everything that can be guessed, one for recovery codes, one per ceremony, and the wrong codes of each app. Those of the
 * budget `others` are never counted against an app, only against that budget: a hundred in a row close it.
 */
export interface GuessStore {
  /** Counts one guess in all budgets before it is looked at, or in none of them if one is used up. Of a burst no more get through. */
  take(input: GuessPlace & Readonly<{ now: number; limits: GuessLimits }>): Promise<GuessTaken>
  /**
   * Takes back a guess that was right or could not be judged: in every budget, once, as if it had never been. `at` is when it was taken;
   * if that is forgotten already nothing is written. An app that has accepted the code is left out: its row has ended. `accepted` says that
   * one has, which ends the row of `others` as well.
   */
  giveBack(input: GuessPlace & Readonly<{ accepted?: boolean; at: number; limits: GuessLimits }>): Promise<void>
  /** Takes the notices of a budget that is closed. If a guess that was given back has opened it again, nothing is written. */
  tell(
    input: Pick<GuessPlace, 'subject' | 'budget'> & Readonly<{ now: number; limits: GuessLimits; notices: readonly NewNotice[] }>,
  ): Promise<void>
  /** What is counted now, and until when the subject is blocked. */
  count(
    input: Omit<GuessPlace, 'authenticators'> & Readonly<{ now: number; limits: GuessLimits }>,
  ): Promise<Readonly<{ ceremony: number; subject: number; retryAt?: number }>>
}
