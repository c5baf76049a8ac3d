import { StileError } from '../../error.ts'
import type { EvidenceDomain } from '../../standing/domain.ts'
import type { KeyBudget } from '../../stores/store.ts'

/** The most mails with a code in one step-up. */
const MAILS_PER_STEP_UP = 5
/**
 * The most mails with a code to one subject in {@link MAIL_WINDOW_SECONDS}, over all step-ups and sessions: so many for the keys that are
 * the owner's, and so many for all others together.
 */
const MAILS_PER_SUBJECT: Readonly<Record<KeyBudget, number>> = { owner: 10, others: 5 }
/** In seconds; it begins with its first mail. */
const MAIL_WINDOW_SECONDS = 3600
/** How long to wait for the second mail, in seconds; for each further one twice as long. */
const FIRST_WAIT_SECONDS = 30

/** Which mail is to be sent: the n-th of a step-up. */
export type MailBudget = Readonly<{
  /** When another one can be asked for, in seconds since the epoch. */
  resendAt: number
  /** Gives it back: the mail could not be sent. */
  giveBack(): Promise<void>
}>

/**
 * Takes one mail from all budgets before it is sent: of a burst one is sent. It has nothing to do with the budget of guesses, so that
 * another mail never buys another guess.
 *
 * Keys that are not the owner's (a stolen session token on another machine) share a budget of their own, so that they cannot use up that of the
 * owner.
 *
 * @throws {StileError} `too_many_attempts` with `retryAfter`; then nothing is counted
 */
export async function takeMail(
  { store, now }: Pick<EvidenceDomain, 'store' | 'now'>,
  { subject, budget, stepUp, expiresAt }: Readonly<{ subject: string; budget: KeyBudget; stepUp: string; expiresAt: number }>,
): Promise<MailBudget> {
  const at = now()
  const keys = {
    wait: `mail:wait:${stepUp}`,
    stepUp: `mail:step-up:${stepUp}`,
    subject: `mail:${budget === 'owner' ? 'subject' : 'others'}:${subject}`,
  }
  const taken: { key: string; resetsAt: number }[] = []
  const giveBack = async (): Promise<void> => {
    for (const each of taken.splice(0)) await store.attempts.forgive(each)
  }
  const take = async (key: string, windowSeconds: number, limit: number, refused: (seconds: number) => StileError) => {
    const hit = await store.attempts.hit({ key, now: at, windowSeconds, limit }).catch(async (error) => {
      await giveBack().catch(() => undefined)
      throw error
    })
    if (!hit.counted) {
      await giveBack()
      throw refused(Math.max(hit.resetsAt - at, 1))
    }
    taken.push({ key, resetsAt: hit.resetsAt })
    return hit
  }

  const { count: sent } = await store.attempts.count({ key: keys.stepUp, now: at })
  // first the wait: of a burst, one wins it, and only that one counts the rest
  const wait = await take(keys.wait, FIRST_WAIT_SECONDS * 2 ** sent, 1, tooEarly)
  await take(keys.stepUp, Math.max(expiresAt - at, 1), MAILS_PER_STEP_UP, tooManyHere)
  await take(keys.subject, MAIL_WINDOW_SECONDS, MAILS_PER_SUBJECT[budget], tooMany)
  return { resendAt: wait.resetsAt, giveBack }
}

function tooEarly(retryAfter: number): StileError {
  return refused(`A code is on its way. Look into your mailbox, or ask for another one in ${retryAfter} seconds.`, retryAfter)
}

function tooManyHere(retryAfter: number): StileError {
  return refused('No more codes are sent here. Type the newest one, begin again, or use another method.', retryAfter)
}

function tooMany(retryAfter: number): StileError {
  return refused('Too many codes were sent to you. Try again later, or use another method.', retryAfter)
}

function refused(detail: string, retryAfter: number): StileError {
  return new StileError('too_many_attempts', detail, { retryAfter })
}
