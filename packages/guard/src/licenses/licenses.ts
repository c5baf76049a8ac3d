import { type License, parseLicense } from '@stile/protocol'
import { DEFAULT_BUDGETS } from '../options/memory.ts'
import type { GuardLog } from '../options/options.ts'
import type { Contact } from '../service/contact.ts'
import type { ServiceAnswer, ServiceClient } from '../service/service-client.ts'
import { createPauses } from './pauses.ts'
import { createSeats, type Seat, type Seats } from './seats.ts'

/** The licenses that the guard knows. */
export type Licenses = Readonly<{
  /**
   * The license if it may still be used: not past its `changesAt`, and the service heard within the outage time, unless `whenStale`.
   * Synchronous.
   */
  lookup(account: string, subject: string, whenStale: boolean): Pick<Seat, 'license'> | undefined
  /** Fetches it; one fetch at a time for the same one. Resolves to whether it is known now; never rejects. */
  fill(account: string, subject: string): Promise<boolean>
  /** A license of the feed replaces what was known, in flight too. */
  apply(event: Readonly<{ account: string; license: License | null; cursor: number }>): void
  /** Forgets what a revocation touches: a removed seat is one. */
  forget(who: Readonly<{ account?: string; subject?: string; cursor: number }>): void
  /** Forgets everything: the service's log is another one. */
  clear(): void
  /** The feed was heard: nobody waits any longer for an outage to be over. */
  resume(): void
  usage(): ReturnType<Seats['usage']>
}>

/** What the licenses are made of. */
export type LicensesOptions = Readonly<{
  client: ServiceClient
  contact: Contact
  now: () => number
  log: GuardLog
  outageSeconds: number
  staleSeconds: number
  /** How much memory licenses and members may take. Default 48 MiB. */
  maxBytes?: number
}>

/** How many failed look-ups are remembered, about 2 MB. */
const MAX_PAUSES = 10_000

const MAX_FLIGHTS = 500
/** How many of them one account may have, so that a slow answer about it leaves room for the others. */
const MAX_FLIGHTS_PER_ACCOUNT = 100
/** The share of both that may be taken by members who are known already, so that the others are not kept waiting. */
const REFRESH_SHARE = 1 / 2
const MAX_TRIES = 3

/** A fetch under way, and what happened since that its answer must not be older than. */
type Flight = { account: string; subject: string; cursor: number; epoch: number; era: number; promise: Promise<boolean> }

/** Makes the memory of licenses, filled on demand from `GET /v1/licenses/{account}?subject=`. */
export function createLicenses(options: LicensesOptions): Licenses {
  const { client, contact, now, log, outageSeconds, staleSeconds, maxBytes = DEFAULT_BUDGETS.licenses } = options
  const seats = createSeats({ maxBytes, now })
  const flights = new Map<string, Flight>()
  const flightsOf = new Map<string, number>()
  const pauses = createPauses({ now, max: MAX_PAUSES })
  let era = 0

  const isSilent = (): boolean => now() - contact.fedAt() > staleSeconds

  /** A key that the service refuses stops everybody's look-ups, an account that it fails on stops its own, a name one caller's. */
  const noteFailure = (key: string, account: string, answer: ServiceAnswer): void => {
    if (answer.status === 'unreachable') pauses.failedFor(account)
    else if (answer.status === 'refused' && answer.keyRefused) pauses.keyRefused()
    else pauses.refusedFor(key, account)
  }

  const fetchOne = async (key: string, flight: Flight): Promise<boolean> => {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const since = era
      const path = `/v1/licenses/${encodeURIComponent(flight.account)}?subject=${encodeURIComponent(flight.subject)}`
      const answer = await client.get(path, true)
      const read = answer.status === 'answered' ? readAnswer(answer.body, flight.account) : undefined
      if (read === undefined) {
        noteFailure(key, flight.account, answer)
        // of a key that is refused the client tells
        if (answer.status !== 'refused' || !answer.keyRefused)
          log('warn', 'A license could not be read from the service. Check service.url, and that the service runs.', {
            cause: answer.status === 'answered' ? 'malformed answer' : answer.cause,
          })
        return false
      }
      pauses.answered(flight.account)
      contact.heard()
      // the feed told of something newer while this answer was on its way: ask again
      if (since !== era || read.cursor < flight.cursor || (read.license?.epoch ?? flight.epoch) < flight.epoch) continue
      seats.keep(flight.account, flight.subject, read, isSilent())
      return true
    }
    return false
  }

  /** Fetches, if fewer than a share of the fetches that may be under way are. */
  const fetchWithin = (share: number, account: string, subject: string): Promise<boolean> => {
    const key = keyOf(account, subject)
    const running = flights.get(key)
    if (running !== undefined) return running.promise
    const ofAccount = flightsOf.get(account) ?? 0
    const isFull = flights.size >= MAX_FLIGHTS * share || ofAccount >= MAX_FLIGHTS_PER_ACCOUNT * share
    if (isFull || !pauses.mayAsk(key, account)) return Promise.resolve(false)
    const flight: Flight = { account, subject, cursor: -1, epoch: -1, era, promise: Promise.resolve(false) }
    flights.set(key, flight)
    flightsOf.set(account, ofAccount + 1)
    flight.promise = fetchOne(key, flight).finally(() => {
      flights.delete(key)
      const left = (flightsOf.get(account) ?? 1) - 1
      if (left === 0) flightsOf.delete(account)
      else flightsOf.set(account, left)
    })
    return flight.promise
  }

  return {
    fill: (account, subject) => fetchWithin(1, account, subject),
    resume: pauses.end,
    usage: seats.usage,
    lookup(account, subject, whenStale) {
      const seat = seats.find(account, subject)
      if (seat === undefined) return undefined
      const time = now()
      if (seat.license?.changesAt !== undefined && !(time < seat.license.changesAt)) return undefined
      if (!whenStale && !(time - contact.heardAt() <= outageSeconds)) return undefined
      // nobody tells of changes while the feed is silent: ask about this member in the background
      if (isSilent() && time - seat.filledAt > staleSeconds) void fetchWithin(REFRESH_SHARE, account, subject)
      return seat
    },
    apply({ account, license, cursor }) {
      pauses.changed(account)
      seats.change(account, { license, cursor })
      for (const flight of flights.values()) {
        if (flight.account !== account) continue
        flight.cursor = Math.max(flight.cursor, cursor)
        flight.epoch = Math.max(flight.epoch, license?.epoch ?? -1)
      }
    },
    forget({ account, subject, cursor }) {
      const touches = (each: Readonly<{ account: string; subject: string }>): boolean =>
        (account === undefined || each.account === account) && (subject === undefined || each.subject === subject)
      // however new the account's license is, what is known of the member may be older
      seats.forget({ account, subject })
      for (const flight of flights.values()) if (touches(flight)) flight.cursor = Math.max(flight.cursor, cursor)
    },
    clear() {
      era += 1
      seats.clear()
      for (const flight of flights.values()) {
        flight.cursor = -1
        flight.epoch = -1
      }
    },
  }
}

/** Account and subject as one key that no other pair has. */
function keyOf(account: string, subject: string): string {
  return `${account.length}:${account}${subject}`
}

function readAnswer(body: unknown, account: string): Readonly<{ license: License | null; cursor: number }> | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { account: answered, cursor, license: value } = body as Readonly<Record<string, unknown>>
  if (answered !== account || typeof cursor !== 'number' || !Number.isSafeInteger(cursor)) return undefined
  if (value === null) return { license: null, cursor }
  const license = parseLicense(value)
  return license === undefined ? undefined : { license, cursor }
}
