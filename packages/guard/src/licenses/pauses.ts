import { createBoundedMap } from '../lib/bounded-map.ts'

/** Who asks the service for no license for a while, and why. */
export type Pauses = Readonly<{
  /** Whether this caller may ask now; in an outage each `true` counts against what may be asked in a second. */
  mayAsk(caller: string, account: string): boolean
  /** The service refuses the guard's key: nobody can be told anything. */
  keyRefused(): void
  /** The service refuses this one question, such as one with a name that it does not take. */
  refusedFor(caller: string, account: string): void
  /** There was no answer, or one of a broken server: what is wrong may be the outage of all, or this account alone. */
  failedFor(account: string): void
  /** An answer came about an account, so the service is there. */
  answered(account: string): void
  /** The feed told something of an account, so that another answer may come. */
  changed(account: string): void
  /** The feed was heard again: all pauses end. */
  end(): void
}>

/** How long the service is left alone after it has failed, in seconds. */
const RETRY_SECONDS = 5
/** So many accounts in a row without an answer are an outage. */
const OUTAGE_FAILURES = 20
/** How many of them are asked for in a second of an outage, to notice its end without a storm. */
const PROBES_PER_SECOND = 20

/** An account that the service failed on. It waits, but only if the service fails on it and answers others: else that was the outage. */
type Failed = Readonly<{ until: number; answers: number; isOwn: boolean }>

/**
 * Makes the memory of failed look-ups. An error of one caller is never everybody's: only a refused key stops all look-ups, and an outage
 * slows down those of accounts that nobody has asked for yet.
 */
export function createPauses({ now, max }: Readonly<{ now: () => number; max: number }>): Pauses {
  const callers = createBoundedMap<string, Readonly<{ account: string; until: number }>>(max)
  const accounts = createBoundedMap<string, Failed>(max)
  let answers = 0
  let keyUntil = Number.NEGATIVE_INFINITY
  let failures = 0
  let second = Number.NEGATIVE_INFINITY
  let probes = 0

  const hasProbe = (): boolean => {
    const time = Math.floor(now())
    if (time !== second) probes = 0
    second = time
    probes += 1
    return probes <= PROBES_PER_SECOND
  }
  const isOver = (until: number | undefined): boolean => until === undefined || !(now() < until)
  const mayAskFor = (failed: Failed | undefined): boolean => isOver(failed?.until) || (failed?.isOwn === false && answers > failed.answers)

  return {
    mayAsk(caller, account) {
      if (!isOver(keyUntil) || !isOver(callers.get(caller)?.until) || !mayAskFor(accounts.get(account))) return false
      return failures < OUTAGE_FAILURES || hasProbe()
    },
    keyRefused() {
      keyUntil = now() + RETRY_SECONDS
    },
    refusedFor(caller, account) {
      callers.set(caller, { account, until: now() + RETRY_SECONDS })
    },
    failedFor(account) {
      const before = accounts.get(account)
      // the requests of one account that failed together are one failure, so that it alone never looks like an outage
      if (mayAskFor(before)) failures += 1
      const isRecent = before !== undefined && now() < before.until + RETRY_SECONDS
      const isOwn = isRecent && (before.isOwn || answers > before.answers)
      accounts.set(account, { until: now() + RETRY_SECONDS, answers, isOwn })
    },
    answered(account) {
      keyUntil = Number.NEGATIVE_INFINITY
      answers += 1
      failures = 0
      accounts.delete(account)
    },
    changed(account) {
      accounts.delete(account)
      for (const [caller, refused] of callers.entries()) if (refused.account === account) callers.delete(caller)
    },
    end() {
      keyUntil = Number.NEGATIVE_INFINITY
      failures = 0
      callers.clear()
      accounts.clear()
    },
  }
}
